import { expect, test } from "vitest";
import { applyProposal } from "./apply.ts";
import { decodeState, encodeState, stateHash } from "./encode.ts";
import { RESULTS_KEPT_MAX, SESSIONS_MAX } from "./sessions.ts";
import { emptyState } from "./state.ts";
import { TestCatalog, testNode, testVolume } from "./testing/cluster.ts";

const gatewayUp = (bootId: string) =>
  ({ kind: "gatewayUp", gateway: testNode(9), bootId, portals: [], incarnationSeen: 0 }) as const;

function opened(): { readonly catalog: TestCatalog; readonly session: number } {
  const catalog = TestCatalog.created(1);
  return { catalog, session: catalog.done({ kind: "openSession" }).session };
}

test("a session is named by the entry that opened it", () => {
  const { catalog, session } = opened();
  expect(session).toBe(catalog.state.view.appliedIndex);
  expect(catalog.done({ kind: "openSession" })).toEqual({ session: session + 1 });
});

test("R10: sent again, a proposal is answered with what it was answered first, a refusal too", () => {
  const { catalog, session } = opened();
  const first = { session, sequence: 1, answeredBelow: 1 };
  const value = catalog.done(gatewayUp("a"), first);
  catalog.done(gatewayUp("b"));
  expect(catalog.apply(gatewayUp("a"), first)).toEqual({
    changes: [],
    result: { kind: "done", value },
  });
  const second = { session, sequence: 2, answeredBelow: 1 };
  const early = { kind: "deleteVolume", volume: testVolume(1) } as const;
  const { result } = catalog.apply(early, second);
  expect(result).toMatchObject({ kind: "refused", code: "volume/not-found" });
  catalog.volume(1, 1);
  expect(catalog.apply(early, second)).toEqual({ changes: [], result });
  expect(catalog.state.view.volumes.size).toBe(1);
  expect(catalog.faults).toEqual([]);
});

test("what was answered long ago takes no effect, and has no answer any more", () => {
  const { catalog, session } = opened();
  catalog.done(gatewayUp("a"), { session, sequence: 1, answeredBelow: 1 });
  catalog.done(gatewayUp("b"), { session, sequence: 2, answeredBelow: 2 });
  expect([...catalog.state.sessions.get(session)!.results.keys()]).toEqual([2]);
  const late = catalog.apply(gatewayUp("a"), { session, sequence: 1, answeredBelow: 1 });
  expect(late).toMatchObject({ changes: [], result: { code: "raft/session-expired" } });
  expect(catalog.state.view.gateways.get(testNode(9))?.bootId).toBe("b");
});

test("a session nobody knows is expired, and opens nothing", () => {
  const { catalog } = opened();
  const unknown = catalog.apply(gatewayUp("a"), { session: 77, sequence: 1, answeredBelow: 1 });
  expect(unknown).toMatchObject({ changes: [], result: { code: "raft/session-expired" } });
  expect(catalog.state.sessions.size).toBe(1);
});

test("a sequence number that was used for another command is refused", () => {
  const { catalog, session } = opened();
  const id = { session, sequence: 1, answeredBelow: 1 };
  catalog.done(gatewayUp("a"), id);
  const other = catalog.apply({ kind: "deleteVolume", volume: testVolume(1) }, id);
  expect(other.result).toMatchObject({ code: "argument/invalid" });
});

test("a session keeps RESULTS_KEPT_MAX results and refuses what lies beyond, as if never sent", () => {
  const { catalog, session } = opened();
  for (let sequence = 1; sequence <= RESULTS_KEPT_MAX; sequence += 1) {
    catalog.done(gatewayUp(`boot-${sequence}`), { session, sequence, answeredBelow: 1 });
  }
  const next = { session, sequence: RESULTS_KEPT_MAX + 1, answeredBelow: 1 };
  const beyond = catalog.apply(gatewayUp("a"), next);
  expect(beyond).toMatchObject({ changes: [], result: { code: "catalog/refused" } });
  expect(catalog.apply(gatewayUp("a"), { ...next, answeredBelow: 2 }).changes).toHaveLength(1);
  expect(catalog.state.sessions.get(session)?.results.size).toBe(RESULTS_KEPT_MAX);
  expect(catalog.faults).toEqual([]);
});

test("of too many sessions the one unused for longest goes, also on a member that read a snapshot", () => {
  let state = emptyState();
  let index = 0;
  const enter = (id?: { session: number; sequence: number; answeredBelow: number }) => {
    index += 1;
    return applyProposal(state, { id, command: { kind: "openSession" } }, index);
  };
  for (let count = 0; count < SESSIONS_MAX; count += 1) enter();
  // Opened within the first one: both were used last by the same entry, and this drops the second.
  enter({ session: 1, sequence: 1, answeredBelow: 1 });
  expect([1, 2, 3].map((name) => state.sessions.has(name))).toEqual([true, false, true]);
  const other = decodeState(encodeState(state));
  for (let count = 0; count < SESSIONS_MAX; count += 1) enter();
  const first = stateHash(state);
  expect([...state.sessions.keys()].some((name) => name <= SESSIONS_MAX + 1)).toBe(false);
  state = other;
  index = SESSIONS_MAX + 1;
  for (let count = 0; count < SESSIONS_MAX; count += 1) enter();
  expect(stateHash(state)).toBe(first);
});

test("what a member proposes itself needs no session", () => {
  const catalog = TestCatalog.created(1);
  expect(catalog.apply(gatewayUp("a")).result.kind).toBe("done");
  expect(catalog.state.sessions.size).toBe(0);
});
