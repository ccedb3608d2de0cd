import { describe, expect, test } from "vitest";
import { decodeState, encodeState } from "../encode.ts";
import { TestCatalog, testNode } from "../testing/cluster.ts";

const gatewayUp = (number: number, bootId = "a") =>
  ({
    kind: "gatewayUp",
    gateway: testNode(number),
    bootId,
    portals: [{ address: `192.0.2.${number}:3260`, tpgt: number, role: "public" }],
    incarnationSeen: 0,
  }) as const;

const drain = (number: number, { draining = true, force = false } = {}) =>
  ({ kind: "drainGateway", gateway: testNode(number), draining, force }) as const;

function withGateways(...numbers: number[]): TestCatalog {
  const catalog = TestCatalog.created();
  for (const number of numbers) catalog.done(gatewayUp(number));
  return catalog;
}

const recordOf = (catalog: TestCatalog, number: number) =>
  catalog.state.view.gateways.get(testNode(number));

describe("a gateway that is drained", () => {
  test("stays so over restarts of its process and of members, until it is told otherwise", () => {
    const catalog = withGateways(8, 9);
    catalog.done(drain(8));
    expect(recordOf(catalog, 8)?.draining).toBe(true);
    catalog.done(gatewayUp(8, "restarted"));
    expect(recordOf(catalog, 8)).toMatchObject({ draining: true, bootId: "restarted" });
    const read = new TestCatalog(decodeState(encodeState(catalog.state)));
    expect(recordOf(read, 8)).toEqual(recordOf(catalog, 8));
    catalog.done(drain(8, { draining: false }));
    expect(recordOf(catalog, 8)?.draining).toBe(false);
    expect(catalog.faults).toEqual([]);
  });

  test("is not told to watchers again when it is drained already", () => {
    const catalog = withGateways(8, 9);
    catalog.done(drain(8));
    expect(catalog.apply(drain(8)).changes).toEqual([]);
  });

  test("leaves another one that is up and takes its sessions, unless it is forced", () => {
    const catalog = withGateways(7, 8, 9);
    const incarnation = recordOf(catalog, 7)?.incarnation ?? 0;
    catalog.done({ kind: "gatewayDown", gateway: testNode(7), incarnation });
    catalog.done(drain(8));
    expect(catalog.apply(drain(9)).result).toMatchObject({ code: "gateway/needed" });
    expect(recordOf(catalog, 9)?.draining).toBe(false);
    catalog.done(drain(9, { force: true }));
    expect(recordOf(catalog, 9)?.draining).toBe(true);
  });

  test("must be known", () => {
    expect(withGateways(8).apply(drain(9)).result).toMatchObject({ code: "gateway/not-found" });
  });
});
