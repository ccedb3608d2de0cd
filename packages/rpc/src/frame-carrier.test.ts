// What carriers do alike over any byte stream, shown on one in memory, with time in the test's hand.
import { nodeId, type SystemError } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, it } from "vitest";
import type { ReceivedFrame } from "./carrier.ts";
import { memoryCarrierPair } from "./testing/memory-carrier.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

function pair({ hasOtherPath = false } = {}) {
  const clock = new ManualClock();
  const carriers = memoryCarrierPair({
    purpose: "operations",
    client: { node: nodeId("gateway-1"), incarnation: 1 },
    server: { node: nodeId("storage-1"), incarnation: 2 },
    clock,
    hasOtherPath,
  });
  const reasons: Error[] = [];
  carriers.client.onClose((reason) => reasons.push(reason));
  return { ...carriers, clock, reasons };
}

describe("frame carrier", () => {
  it("keeps an idle connection open by pings that nobody above sees", async () => {
    const { client, server, clock, reasons } = pair();
    const seen: ReceivedFrame[] = [];
    client.onFrame((frame) => seen.push(frame));
    server.onFrame((frame) => seen.push(frame));
    for (let second = 0; second < 60; second++) {
      clock.advance(1000);
      await turns(4);
    }
    expect(reasons).toEqual([]);
    expect(seen).toEqual([]);
  });

  it("closes within six ticks when the path goes dead", async () => {
    const { client, server, clock, reasons, cut } = pair();
    client.onFrame(() => {});
    server.onFrame(() => {});
    clock.advance(1000);
    await turns(4);
    cut();
    for (let second = 0; second < 4; second++) {
      clock.advance(1000);
      await turns(4);
    }
    expect(reasons).toEqual([]);
    clock.advance(2000);
    await turns(1);
    expect(reasons.map((reason) => (reason as SystemError).code)).toEqual(["rpc/disconnected"]);
  });

  it("is silent when nothing came for three ticks, until something comes again", async () => {
    const { client, server, clock, cut } = pair();
    client.onFrame(() => {});
    server.onFrame(() => {});
    clock.advance(250);
    await turns(4);
    expect(client.isSilent).toBe(false);
    cut();
    for (const silent of [false, false, false, true]) {
      clock.advance(250);
      await turns(4);
      expect(client.isSilent).toBe(silent);
    }
    expect(client.timedOut).toBe(false);
    clock.advance(5_000);
    expect(client.timedOut).toBe(true);
  });

  it("is given up after four silent ticks where there is another path", async () => {
    const { client, server, clock, cut } = pair({ hasOtherPath: true });
    client.onFrame(() => {});
    server.onFrame(() => {});
    clock.advance(250);
    await turns(4);
    cut();
    for (const timedOut of [false, false, false, false, true]) {
      clock.advance(250);
      await turns(4);
      expect(client.timedOut).toBe(timedOut);
    }
  });

  it("starts to read only when somebody listens, and delivers nothing after it closed", async () => {
    const { client, server } = pair();
    client.send({ type: 1, id: 1, body: [] });
    client.send({ type: 1, id: 2, body: [] });
    await turns(4);
    const ids: number[] = [];
    server.onFrame(({ id }) => {
      ids.push(id);
      server.close();
    });
    await turns(4);
    expect(ids).toEqual([1]);
  });

  it("stops reading from a peer that takes no answers, and goes on when it does", async () => {
    const { client, server } = pair();
    const answer = Buffer.alloc(1_048_576);
    let handled = 0;
    server.onFrame(({ id }) => {
      handled += 1;
      server.send({ type: 1, id, body: [answer] });
    });
    for (let id = 1; id <= 64; id++) {
      client.send({ type: 1, id, body: [] });
      await turns(2);
    }
    expect(handled).toBeGreaterThan(7);
    expect(handled).toBeLessThan(12);
    let answered = 0;
    client.onFrame(() => {
      answered += 1;
    });
    for (let i = 0; i < 500 && answered < 64; i++) await turn();
    expect(answered).toBe(64);
  });

  it("ends a connection whose sender knows no limit", async () => {
    const { client, server, reasons } = pair();
    server.onClose(() => {});
    const body = [Buffer.alloc(2_097_152)];
    for (let id = 1; id <= 300 && reasons.length === 0; id++) {
      client.send({ type: 1, id, body });
      if (id % 50 === 0) await turn();
    }
    expect(reasons.map((reason) => (reason as SystemError).code)).toEqual(["rpc/too-large"]);
  });

  it("keeps frame type 0 for itself", () => {
    const { client } = pair();
    expect(() => client.send({ type: 0, id: 1, body: [] })).toThrow("type 0");
  });
});
