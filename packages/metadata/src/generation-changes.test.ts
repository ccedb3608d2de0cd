// P11 at the metadata service: changes of a volume, whatever becomes of the leader and of the nodes.
import { MIB, SystemError, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CHANGE_LIMIT_MS, GenerationChanges, PROBE_LIMIT_MS } from "./generation-changes.ts";
import { nodeUp, TestGroup, type TestMember } from "./testing/test-group.ts";
import { VolumeCreation } from "./volume-creation.ts";

const forever = new AbortController().signal;
const volume = volumeId("10000000-0000-4000-8000-000000000001");
const fence = { kind: "fence" } as const;
const options = { signal: forever };

interface Closing {
  readonly generation: number;
  readonly limitMs: number;
  readonly answer: (error?: Error) => void;
}

let group: TestGroup;
let closings: Closing[];
/** Those that the nodes answer by themselves. */
let answersAtOnce: (closing: Closing) => boolean;
const started: GenerationChanges[] = [];

/** The changes of one member, whose storage nodes answer when the test says so. */
async function changesOf({ log }: TestMember): Promise<GenerationChanges> {
  const closer = {
    close: (
      { generation }: { readonly generation: number },
      { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number },
    ): Promise<void> =>
      new Promise((resolve, reject) => {
        const answer = (error?: Error): void => (error ? reject(error) : resolve());
        signal.addEventListener("abort", () => reject(signal.reason));
        if (signal.aborted) reject(signal.reason);
        const closing = { generation, limitMs, answer };
        closings.push(closing);
        if (answersAtOnce(closing)) answer();
      }),
  };
  const { clock } = group;
  const changes = new GenerationChanges({ replicatedLog: log, closer, clock, log: silentLog });
  await changes.start();
  started.push(changes);
  return changes;
}

const recordOf = ({ log } = group.leader()) => log.view.volumes.get(volume);
const silent = new SystemError("volume/not-fenced", "storage-1 (no answer)");

async function make(members: number): Promise<void> {
  group = await TestGroup.of(members);
  const { log } = group.leader();
  const { clock } = group;
  await group.answered(log.propose(nodeUp()));
  const creation = new VolumeCreation({ replicatedLog: log, clock, log: silentLog });
  const shape = { volume, name: volumeName("demo"), sizeBytes: 16 * MIB };
  await group.answered(creation.create(shape, { signal: forever }));
}

/** The changes of a sole member. */
async function alone(): Promise<GenerationChanges> {
  await make(1);
  return changesOf(group.leader());
}

beforeEach(() => {
  closings = [];
  answersAtOnce = () => false;
});
afterEach(async () => {
  for (const changes of started.splice(0)) await changes.stop();
  await group.stop();
});

test("P11: a reset is answered when the generation before it is closed, not earlier", async () => {
  const changes = await alone();
  let done = false;
  const reset = changes.fence({ volume, reset: true }, options).then(({ index }) => {
    done = true;
    return index;
  });
  await group.until(() => closings.length === 1);
  expect(recordOf()).toMatchObject({ generation: 2, resets: 1, change: undefined });
  expect(closings[0]?.generation).toBe(1);
  await group.settle();
  expect(done).toBe(false);
  closings[0]?.answer();
  expect(await group.answered(reset)).toBe(group.leader().log.view.appliedIndex);
});

test("resets that come while one is under way share the next generation", async () => {
  const changes = await alone();
  const first = changes.fence({ volume, reset: true }, options);
  await group.until(() => closings.length === 1);
  const others = [false, true, false].map((reset) => changes.fence({ volume, reset }, options));
  await group.settle();
  expect(closings).toHaveLength(1);
  closings[0]?.answer();
  await group.answered(first);
  await group.until(() => closings.length === 2);
  expect(recordOf()).toMatchObject({ generation: 3, resets: 2 });
  closings[1]?.answer();
  await group.answered(Promise.all(others));
  expect(closings).toHaveLength(2);
});

test("P11: a prepared change closes its generation first and is committed then", async () => {
  const changes = await alone();
  const done = changes.change({ volume, change: fence }, options);
  await group.until(() => closings.length === 1);
  expect(recordOf()?.change, "nothing is prepared before all answer").toBeUndefined();
  expect(closings[0]).toMatchObject({ generation: 0, limitMs: PROBE_LIMIT_MS });
  closings[0]?.answer();
  await group.until(() => closings.length === 2);
  expect(recordOf()).toMatchObject({ generation: 1, change: fence });
  expect(closings[1]).toMatchObject({ generation: 1, limitMs: CHANGE_LIMIT_MS });
  closings[1]?.answer();
  await group.answered(done);
  expect(recordOf()).toMatchObject({ generation: 2, change: undefined });
});

test("a node that is silent from the beginning: nothing is prepared", async () => {
  const changes = await alone();
  const done = changes.change({ volume, change: { kind: "delete" } }, options);
  await group.until(() => closings.length === 1);
  closings[0]?.answer(silent);
  await expect(group.answered(done)).rejects.toMatchObject({ code: "volume/not-fenced" });
  expect(recordOf()).toMatchObject({ generation: 1, change: undefined });
});

test("P11: a change that is given up skips the generation it had prepared", async () => {
  await make(1);
  answersAtOnce = ({ limitMs }) => limitMs === PROBE_LIMIT_MS;
  const changes = await changesOf(group.leader());
  const done = changes.change({ volume, change: { kind: "delete" } }, options);
  await group.until(() => closings.length === 2);
  closings[1]?.answer(silent);
  await expect(group.answered(done)).rejects.toMatchObject({ code: "volume/not-fenced" });
  expect(recordOf()).toMatchObject({ generation: 3, change: undefined });
});

test("P11: the next leader takes up what was prepared, and tells who asks again", async () => {
  await make(3);
  answersAtOnce = ({ limitMs }) => limitMs === PROBE_LIMIT_MS;
  const lost = group.leader();
  const session = await group.answered(lost.log.propose({ kind: "openSession" }));
  const proposal = {
    session: session.result.kind === "done" ? session.result.value.session : 0,
    sequence: 1,
    answeredBelow: 1,
  };
  const changes = await changesOf(lost);
  const change = { kind: "delete" } as const;
  const cut = changes.change({ volume, change }, { ...options, proposal });
  cut.catch(() => {});
  await group.until(() => closings.length === 2);
  await changes.stop();
  await expect(group.answered(cut)).rejects.toMatchObject({ code: "raft/not-leader" });
  await group.crash(lost.name);
  await group.until(() => group.leaderOrNone() !== undefined);
  const next = await changesOf(group.leader());
  await group.until(() => closings.length === 3);
  expect(recordOf()).toMatchObject({ generation: 1, change });
  const before = group.leader().log.answered(proposal, "prepareChange");
  if (before?.kind !== "done") throw new Error("the preparation is not known");
  expect(before.value).toEqual({ volume, generation: 2 });
  const asked = next.outcome(before.value, options);
  closings[2]?.answer();
  await group.answered(asked);
  expect(recordOf()).toBeUndefined();
  await group.answered(next.outcome(before.value, options));
});

test("the same request twice at one leader: both are told that it is done", async () => {
  await make(1);
  answersAtOnce = () => true;
  const { log } = group.leader();
  const session = await group.answered(log.propose({ kind: "openSession" }));
  const proposal = {
    session: session.result.kind === "done" ? session.result.value.session : 0,
    sequence: 1,
    answeredBelow: 1,
  };
  const changes = await changesOf(group.leader());
  const change = { kind: "delete" } as const;
  const twice = [1, 2].map(() => changes.change({ volume, change }, { ...options, proposal }));
  await group.answered(Promise.all(twice));
  expect(recordOf()).toBeUndefined();
});

test("a committed change is told as done by any member, although a reset follows at once", async () => {
  await make(3);
  answersAtOnce = () => true;
  const members = [group.leader(), ...group.followers()];
  const [leading, ...others] = await Promise.all(members.map(changesOf));
  await group.answered(Promise.resolve(leading?.change({ volume, change: fence }, options)));
  await group.answered(Promise.resolve(leading?.fence({ volume, reset: true }, options)));
  expect(recordOf()?.generation, "as if it had been given up").toBe(3);
  const prepared = { volume, generation: 2 };
  await group.until(() => members.every(({ log }) => log.view.volumes.get(volume)?.resets === 1));
  for (const changes of [leading, ...others]) {
    await group.answered(Promise.resolve(changes?.outcome(prepared, options)));
  }
});

test("a change that was given up is told so, although nothing else followed", async () => {
  const changes = await alone();
  const { log } = group.leader();
  await group.answered(log.propose({ kind: "prepareChange", volume, change: fence }));
  await group.answered(log.propose({ kind: "abortChange", volume, generation: 2 }));
  const asked = changes.outcome({ volume, generation: 2 }, options);
  await expect(group.answered(asked)).rejects.toMatchObject({ code: "volume/not-fenced" });
});

test("what could not be given up at once, as on a full disk, is resumed by the same leader", async () => {
  const changes = await alone();
  await group.answered(
    group.leader().log.propose({ kind: "prepareChange", volume, change: fence }),
  );
  await group.until(() => closings.length === 1);
  closings[0]?.answer();
  await group.until(() => recordOf()?.change === undefined);
  expect(recordOf()?.generation).toBe(2);
  await group.answered(changes.outcome({ volume, generation: 2 }, options));
});

test("a caller that gives up waits no longer; what it began goes on", async () => {
  const changes = await alone();
  const caller = new AbortController();
  const asked = changes.fence({ volume, reset: true }, { signal: caller.signal });
  await group.until(() => closings.length === 1);
  caller.abort(new SystemError("rpc/deadline", "too late"));
  await expect(group.answered(asked)).rejects.toMatchObject({ code: "rpc/deadline" });
  const other = changes.fence({ volume, reset: false }, options);
  closings[0]?.answer();
  await group.until(() => closings.length === 2);
  closings[1]?.answer();
  await group.answered(other);
  expect(recordOf()).toMatchObject({ generation: 3, resets: 1 });
});

const KEY = "00000000000000aa";
const A = { nexus: { initiatorPort: "iqn.test:a,i,0x1", targetPort: 1 }, seen: 100 } as const;
const register = {
  kind: "register",
  ...A,
  key: "0".repeat(16),
  newKey: KEY,
  allTargetPorts: false,
  aptpl: true,
} as const;
/** In conflict with who is registered, and with who is not. */
const OTHER_KEY = { ...register, key: "00000000000000bb" };
const reserve = { kind: "reserve", ...A, key: KEY, type: 5 } as const;

/** Registered, as before anything else. */
async function registered(): Promise<GenerationChanges> {
  const changes = await alone();
  answersAtOnce = () => true;
  await group.answered(changes.changeReservation({ volume, action: register }, options));
  answersAtOnce = () => false;
  closings = [];
  return changes;
}

async function openSession(): Promise<{
  sequence: number;
  session: number;
  answeredBelow: number;
}> {
  const session = await group.answered(group.leader().log.propose({ kind: "openSession" }));
  const name = session.result.kind === "done" ? session.result.value.session : 0;
  return { session: name, sequence: 1, answeredBelow: 1 };
}

test("P11: a reservation is answered when its generation is closed and committed", async () => {
  const changes = await registered();
  let outcome: string | undefined;
  const done = changes.changeReservation({ volume, action: reserve }, options).then((answer) => {
    outcome = answer.outcome;
    return answer;
  });
  await group.until(() => closings.length === 1);
  closings[0]?.answer();
  await group.until(() => closings.length === 2);
  expect(recordOf()?.reservations.held).toBeUndefined();
  expect(outcome).toBeUndefined();
  closings[1]?.answer();
  const { index } = await group.answered(done);
  expect(recordOf()).toMatchObject({ generation: 3, reservations: { held: { type: 5 } } });
  expect([outcome, index]).toEqual(["changed", group.leader().log.view.appliedIndex]);
});

test("P11: what takes no right away stops nobody's I/O, and is answered when all know of it", async () => {
  const changes = await alone();
  let outcome: string | undefined;
  const done = changes.changeReservation({ volume, action: register }, options).then((answer) => {
    outcome = answer.outcome;
  });
  await group.until(() => closings.length === 1);
  expect(recordOf()).toMatchObject({ generation: 2, change: undefined });
  expect(closings[0]?.generation).toBe(1);
  await group.settle();
  expect(outcome).toBeUndefined();
  closings[0]?.answer();
  await group.answered(done);
  expect(outcome).toBe("changed");
});

test("P11: what takes no right away is in force, and told to nobody while a node does not know of it", async () => {
  const changes = await alone();
  const done = changes.changeReservation({ volume, action: register }, options);
  await group.until(() => closings.length === 1);
  closings[0]?.answer(silent);
  await expect(group.answered(done)).rejects.toMatchObject({ code: "volume/not-fenced" });
  expect(recordOf()?.reservations.registrants).toHaveLength(1);
  // Neither to who is in conflict with it, nor to who only asks.
  const conflict = changes.changeReservation({ volume, action: OTHER_KEY }, options);
  const asked = Promise.allSettled<unknown>([conflict, changes.proveReservations(volume, options)]);
  await group.until(() => closings.length === 3);
  for (const closing of closings) closing.answer(silent);
  expect(await group.answered(asked)).toMatchObject([{ reason: silent }, { reason: silent }]);
  answersAtOnce = () => true;
  expect((await group.answered(changes.proveReservations(volume, options))).changes).toBe(1);
});

test("a request on reservations that changes nothing asks no node about what was told, and stops nobody's I/O", async () => {
  const changes = await registered();
  const asked = changes.changeReservation({ volume, action: OTHER_KEY }, options);
  expect((await group.answered(asked)).outcome).toBe("conflict");
  await group.answered(changes.proveReservations(volume, options));
  expect(closings).toEqual([]);
  expect(recordOf()).toMatchObject({ generation: 2, change: undefined });
});

test.each([
  ["in two phases", reserve],
  ["at once", { ...register, key: KEY, newKey: "00000000000000bb" }],
] as const)(
  "R10: a change of reservations %s that is sent again takes effect once, and is told as done",
  async (_how, action) => {
    const changes = await registered();
    answersAtOnce = () => true;
    const proposal = await openSession();
    const { changes: before } = recordOf()?.reservations ?? { changes: 0 };
    const twice = [1, 2].map(() =>
      changes.changeReservation({ volume, action }, { ...options, proposal }),
    );
    const answers = await group.answered(Promise.all(twice));
    expect(answers.map(({ outcome }) => outcome)).toEqual(["changed", "changed"]);
    expect(recordOf()?.reservations.changes).toBe(before + 1);
  },
);

test("a change of reservations that a node does not close is given up, and nothing is changed", async () => {
  const changes = await registered();
  answersAtOnce = ({ limitMs }) => limitMs === PROBE_LIMIT_MS;
  const done = changes.changeReservation({ volume, action: reserve }, options);
  await group.until(() => closings.length === 2);
  closings[1]?.answer(silent);
  await expect(group.answered(done)).rejects.toMatchObject({ code: "volume/not-fenced" });
  expect(recordOf()).toMatchObject({ generation: 4, reservations: { held: undefined } });
});

test("a change of reservations is answered though others wait behind it", async () => {
  const changes = await registered();
  const first = changes.changeReservation({ volume, action: reserve }, options);
  await group.until(() => closings.length === 1);
  const second = changes.fence({ volume, reset: true }, options);
  closings[0]?.answer();
  await group.until(() => closings.length === 2);
  closings[1]?.answer();
  expect((await group.answered(first)).outcome).toBe("changed");
  await group.until(() => closings.length === 3);
  closings[2]?.answer();
  await group.answered(second);
});

test("P9: who gave up while nodes were asked does not find it done later", async () => {
  const changes = await registered();
  const caller = new AbortController();
  const asked = changes.changeReservation({ volume, action: reserve }, { signal: caller.signal });
  await group.until(() => closings.length === 1);
  caller.abort(new SystemError("rpc/deadline", "too late"));
  await expect(group.answered(asked)).rejects.toMatchObject({ code: "rpc/deadline" });
  closings[0]?.answer();
  // The next one in the line, when that one is over.
  const next = changes.fence({ volume, reset: false }, options);
  await group.until(() => closings.length === 2);
  closings[1]?.answer();
  await group.answered(next);
  expect(recordOf()).toMatchObject({
    generation: 3,
    change: undefined,
    reservations: { held: undefined },
  });
});
