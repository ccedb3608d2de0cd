// The rules of SPC-4 5.13 and SPC-2 5.5, one by one.
import { describe, expect, test } from "vitest";
import {
  afterGatewayLoss,
  afterReset,
  decide,
  type Outcome,
  onlyWidens,
  type ReservationAction,
} from "./action.ts";
import { abortedSince, noticesFor } from "./attention.ts";
import { rightsOf, wasAborted } from "./rights.ts";
import {
  isHeldByAll,
  type NexusId,
  NO_KEY,
  NO_RESERVATIONS,
  REGISTRANTS_MAX,
  RESERVATION_TYPE,
  type Reservations,
  type ReservationType,
} from "./state.ts";

const nexus = (name: string, targetPort = 1): NexusId => ({
  initiatorPort: `iqn.test:${name},i,0x800000000001`,
  targetPort,
});
const A = nexus("a");
const A2 = nexus("a", 2);
const B = nexus("b", 2);
const C = nexus("c");
const KEY_A = "00000000000000aa";
const KEY_B = "00000000000000bb";
const KEY_C = "00000000000000cc";
const TYPES = Object.values(RESERVATION_TYPE);
const WE = RESERVATION_TYPE.writeExclusive;
const WE_RO = RESERVATION_TYPE.writeExclusiveRegistrantsOnly;
const WE_AR = RESERVATION_TYPE.writeExclusiveAllRegistrants;

const PORTS = { ports: [1, 2, 3] };
type Unseen<A> = A extends ReservationAction ? Omit<A, "seen"> & { readonly seen?: number } : never;
type Asked = Unseen<ReservationAction>;
/** By somebody who knows the state as it is. */
const ask = (state: Reservations, action: Asked): Outcome =>
  decide(state, { seen: state.changes, ...action } as ReservationAction, PORTS);
const noticeFor = (before: Reservations, later: Reservations, who: NexusId) =>
  noticesFor(before, later, who)[0];

/** The state after actions that all take effect. */
function after(state: Reservations, ...actions: readonly Asked[]): Reservations {
  return actions.reduce((from, action) => {
    const outcome = ask(from, action);
    if (outcome.kind !== "changed") throw new Error(`${action.kind}: ${outcome.kind}`);
    return outcome.state;
  }, state);
}

const register = (who: NexusId, newKey: string, key: string = NO_KEY) =>
  ({ kind: "register", nexus: who, key, newKey, allTargetPorts: false, aptpl: true }) as const;
/** REGISTER AND IGNORE EXISTING KEY. */
const registerAnyway = (who: NexusId, newKey: string) =>
  ({ ...register(who, newKey), key: undefined }) as const;
const reserve = (who: NexusId, key: string, type: ReservationType) =>
  ({ kind: "reserve", nexus: who, key, type }) as const;
const release = (who: NexusId, key: string, type: ReservationType) =>
  ({ kind: "release", nexus: who, key, type }) as const;
const preempt = (
  who: NexusId,
  key: string,
  {
    victim,
    type = WE_RO,
    abort = false,
  }: { victim: string; type?: ReservationType; abort?: boolean },
) => ({ kind: "preempt", nexus: who, key, victim, type, abort }) as const;

const TWO = after(NO_RESERVATIONS, register(A, KEY_A), register(B, KEY_B));
const THREE = after(TWO, register(C, KEY_C));
const keys = ({ registrants }: Reservations): string[] => registrants.map(({ key }) => key);

describe("REGISTER", () => {
  test("the first needs key 0, the next the key that is registered", () => {
    expect(ask(NO_RESERVATIONS, register(A, KEY_A, KEY_A))).toEqual({ kind: "conflict" });
    expect(ask(TWO, register(A, KEY_C, KEY_B))).toEqual({ kind: "conflict" });
    expect(ask(TWO, register(A, KEY_C, NO_KEY))).toEqual({ kind: "conflict" });
    expect(keys(after(TWO, register(A, KEY_C, KEY_A)))).toEqual([KEY_C, KEY_B]);
    expect(keys(after(TWO, registerAnyway(A, KEY_C)))).toEqual([KEY_C, KEY_B]);
  });

  test("key 0 unregisters, and does nothing for who is not registered", () => {
    expect(keys(after(TWO, register(A, NO_KEY, KEY_A)))).toEqual([KEY_B]);
    expect(ask(TWO, register(C, NO_KEY))).toEqual({ kind: "unchanged" });
    expect(ask(TWO, registerAnyway(C, NO_KEY))).toEqual({ kind: "unchanged" });
  });

  test("through all target ports it is as if it had come through each", () => {
    const all = { allTargetPorts: true } as const;
    const state = after(NO_RESERVATIONS, register(A2, KEY_B), { ...register(A, KEY_A), ...all });
    expect(state.registrants.map(({ targetPort, key }) => [targetPort, key])).toEqual([
      [2, KEY_A],
      [1, KEY_A],
      [3, KEY_A],
    ]);
    expect(state.aptpl).toBe(true);
    const changed = after(state, { ...register(A, KEY_C, KEY_A), ...all });
    expect(keys(changed), "no port keeps a key that a victim would not be known by").toEqual([
      KEY_C,
      KEY_C,
      KEY_C,
    ]);
    const held = after(changed, reserve(A2, KEY_C, WE_RO), register(B, KEY_B));
    const gone = after(held, { ...register(A, NO_KEY, KEY_C), ...all });
    expect(keys(gone)).toEqual([KEY_B]);
    expect([gone.held, noticeFor(held, gone, B)]).toEqual([undefined, "reservationsReleased"]);
  });

  test("no more registrants than fit", () => {
    const many = Array.from({ length: REGISTRANTS_MAX }, (_, at) =>
      register(nexus(`n${at}`), KEY_A),
    );
    const full = after(NO_RESERVATIONS, ...many);
    expect(ask(full, register(A, KEY_A))).toEqual({ kind: "fault", fault: "noRoom" });
    expect(ask(full, register(nexus("n0"), KEY_B, KEY_A)).kind).toBe("changed");
  });

  test("PRGENERATION counts registrations and losses, not who holds", () => {
    expect(TWO.generation).toBe(2);
    const held = after(TWO, reserve(A, KEY_A, WE_RO));
    expect(held.generation).toBe(2);
    expect(after(held, release(A, KEY_A, WE_RO)).generation).toBe(2);
    expect(after(held, preempt(B, KEY_B, { victim: KEY_A })).generation).toBe(3);
    expect(after(held, { kind: "clear", nexus: B, key: KEY_B }).generation).toBe(3);
    const last = { ...TWO, generation: 2 ** 32 - 1 };
    expect(after(last, register(C, KEY_C)).generation).toBe(0);
  });
});

describe("a reservation", () => {
  test.each(TYPES)("of type %i: who may read and write", (type) => {
    const state = after(TWO, reserve(A, KEY_A, type));
    const forRegistrants = type >= WE_RO;
    const excludesReads = [3, 6, 8].includes(type);
    expect(rightsOf(state, A)).toEqual({ inform: true, read: true, write: true });
    expect(rightsOf(state, B)).toEqual({
      inform: true,
      read: forRegistrants || !excludesReads,
      write: forRegistrants,
    });
    expect(rightsOf(state, C)).toEqual({ inform: true, read: !excludesReads, write: false });
    expect(rightsOf(state, A2)).toEqual(rightsOf(state, C));
  });

  test("is taken once: the holder may ask again for the same, all others conflict", () => {
    const state = after(TWO, reserve(A, KEY_A, WE));
    expect(ask(state, reserve(A, KEY_A, WE))).toEqual({ kind: "unchanged" });
    expect(ask(state, reserve(A, KEY_A, WE_RO))).toEqual({ kind: "conflict" });
    expect(ask(state, reserve(B, KEY_B, WE))).toEqual({ kind: "conflict" });
    expect(ask(TWO, reserve(A, KEY_B, WE))).toEqual({ kind: "conflict" });
    expect(ask(TWO, reserve(C, KEY_C, WE))).toEqual({ kind: "conflict" });
  });

  test("of all registrants may be asked for by each of them", () => {
    const state = after(TWO, reserve(A, KEY_A, WE_AR));
    expect(state.held?.holder).toBeUndefined();
    expect(ask(state, reserve(B, KEY_B, WE_AR))).toEqual({ kind: "unchanged" });
    expect(ask(state, reserve(B, KEY_B, WE_RO))).toEqual({ kind: "conflict" });
  });

  test.each(TYPES)("of type %i: its release is told to registrants who had access", (type) => {
    const held = after(THREE, reserve(A, KEY_A, type));
    expect(ask(held, release(A, KEY_A, type === WE ? WE_RO : WE))).toEqual({
      kind: "fault",
      fault: "invalidRelease",
    });
    if (!isHeldByAll(type))
      expect(ask(held, release(B, KEY_B, type))).toEqual({ kind: "unchanged" });
    const free = after(held, release(A, KEY_A, type));
    expect(free.held).toBeUndefined();
    const told = type >= WE_RO ? "reservationsReleased" : undefined;
    expect([A, B, C].map((who) => noticeFor(held, free, who))).toEqual([undefined, told, told]);
  });

  test("ends when its holder unregisters, of all registrants when the last one does", () => {
    const held = after(TWO, reserve(A, KEY_A, WE_RO));
    const free = after(held, register(A, NO_KEY, KEY_A));
    expect(free.held).toBeUndefined();
    expect(noticeFor(held, free, B)).toBe("reservationsReleased");
    expect(after(held, register(B, NO_KEY, KEY_B)).held).toEqual(held.held);
    const all = after(TWO, reserve(A, KEY_A, WE_AR));
    const one = after(all, register(A, NO_KEY, KEY_A));
    expect(one.held?.type).toBe(WE_AR);
    expect(after(one, register(B, NO_KEY, KEY_B)).held).toBeUndefined();
  });

  test("CLEAR takes everything, and tells all others", () => {
    const held = after(THREE, reserve(A, KEY_A, WE_RO));
    expect(ask(held, { kind: "clear", nexus: B, key: KEY_A })).toEqual({ kind: "conflict" });
    const clear = after(held, { kind: "clear", nexus: B, key: KEY_B });
    expect(clear).toMatchObject({ registrants: [], held: undefined });
    expect([A, B, C].map((who) => noticeFor(held, clear, who))).toEqual([
      "reservationsPreempted",
      undefined,
      "reservationsPreempted",
    ]);
  });

  test("moves with its key to another nexus", () => {
    const held = after(TWO, reserve(A, KEY_A, WE));
    const move = { kind: "registerAndMove", nexus: A, key: KEY_A, newKey: KEY_C } as const;
    const moved = after(held, { ...move, unregister: true, aptpl: false, to: C });
    expect(keys(moved)).toEqual([KEY_B, KEY_C]);
    expect(moved.held).toEqual({ type: WE, holder: C });
    const kept = after(held, { ...move, unregister: false, aptpl: false, to: B });
    expect(keys(kept)).toEqual([KEY_A, KEY_C]);
    const rest = { unregister: false, aptpl: false } as const;
    expect(ask(held, { ...move, ...rest, to: A }).kind).toBe("fault");
    expect(ask(held, { ...move, ...rest, newKey: NO_KEY, to: C }).kind).toBe("fault");
    expect(ask(TWO, { ...move, ...rest, to: C })).toEqual({ kind: "conflict" });
    expect(ask(held, { ...move, ...rest, nexus: B, key: KEY_B, to: C })).toEqual({
      kind: "conflict",
    });
  });
});

describe("PREEMPT", () => {
  test("with the holder's key takes the reservation and the registrations with that key", () => {
    const both = after(TWO, register(A2, KEY_A), register(C, KEY_C), reserve(A, KEY_A, WE));
    const taken = after(both, preempt(B, KEY_B, { victim: KEY_A }));
    expect(keys(taken)).toEqual([KEY_B, KEY_C]);
    expect(taken.held).toEqual({ type: WE_RO, holder: B });
    expect([A, A2, B, C].map((who) => noticeFor(both, taken, who))).toEqual([
      "registrationsPreempted",
      "registrationsPreempted",
      undefined,
      "reservationsReleased",
    ]);
    const same = after(both, preempt(B, KEY_B, { victim: KEY_A, type: WE }));
    expect(noticeFor(both, same, C), "the type is the same").toBeUndefined();
  });

  test("with another key removes registrations only; one that nobody has conflicts", () => {
    const held = after(THREE, reserve(A, KEY_A, WE_RO));
    const fewer = after(held, preempt(B, KEY_B, { victim: KEY_C }));
    expect(keys(fewer)).toEqual([KEY_A, KEY_B]);
    expect(fewer.held).toEqual(held.held);
    expect(ask(held, preempt(B, KEY_B, { victim: "00000000000000dd" }))).toEqual({
      kind: "conflict",
    });
    expect(ask(held, preempt(B, KEY_A, { victim: KEY_C }))).toEqual({ kind: "conflict" });
    expect(ask(held, preempt(B, KEY_B, { victim: NO_KEY }))).toEqual({
      kind: "fault",
      fault: "invalidParameter",
    });
  });

  test("keeps who asks, also when its key is the victim's", () => {
    const siblings = after(TWO, register(A2, KEY_A), reserve(A, KEY_A, WE_RO));
    const alone = after(siblings, preempt(A2, KEY_A, { victim: KEY_A }));
    expect(alone.registrants).toEqual([
      { ...B, key: KEY_B },
      { ...A2, key: KEY_A },
    ]);
    expect(alone.held?.holder).toEqual(A2);
  });

  test("of all registrants' reservation: key 0 means everybody, another key its registrants", () => {
    const all = after(THREE, reserve(A, KEY_A, WE_AR));
    const taken = after(all, preempt(B, KEY_B, { victim: NO_KEY, type: WE }));
    expect(keys(taken)).toEqual([KEY_B]);
    expect(taken.held).toEqual({ type: WE, holder: B });
    const fewer = after(all, preempt(B, KEY_B, { victim: KEY_A, type: WE }));
    expect(keys(fewer)).toEqual([KEY_B, KEY_C]);
    expect(fewer.held?.type).toBe(WE_AR);
  });

  test("AND ABORT ends what the victims had begun, PREEMPT does not", () => {
    const held = after(THREE, reserve(A, KEY_A, WE_RO));
    const plain = after(held, preempt(B, KEY_B, { victim: KEY_A }));
    expect(abortedSince(held, plain)).toEqual([]);
    const aborted = after(held, preempt(B, KEY_B, { victim: KEY_A, abort: true }));
    expect(abortedSince(held, aborted)).toEqual([{ ...A, change: aborted.changes }]);
    expect(wasAborted(aborted, A, held.changes)).toBe(true);
    expect(wasAborted(aborted, A, aborted.changes), "begun afterwards").toBe(false);
    expect(wasAborted(aborted, C, held.changes)).toBe(false);
    const late = { ...registerAnyway(A, KEY_A), seen: held.changes };
    expect(ask(aborted, late), "it was asked before").toEqual({ kind: "fault", fault: "aborted" });
    expect(ask(plain, late).kind).toBe("changed");
    const twice = after(
      aborted,
      register(A, KEY_A),
      preempt(B, KEY_B, { victim: KEY_A, abort: true }),
    );
    expect(twice.aborts, "the latest of each nexus").toEqual([{ ...A, change: twice.changes }]);
    const other = after(held, preempt(B, KEY_B, { victim: KEY_C, abort: true }));
    expect(abortedSince(held, other), "who holds nothing").toEqual([
      { ...C, change: other.changes },
    ]);
  });
});

describe("RESERVE and RELEASE", () => {
  const take = (who: NexusId, gateway = 7, serial = 1) =>
    ({ kind: "take", nexus: who, gateway, serial }) as const;
  const give = (who: NexusId, gateway = 7, serial = 1) =>
    ({ kind: "give", nexus: who, gateway, serial }) as const;

  test("shut everybody else out, from information too", () => {
    const state = after(NO_RESERVATIONS, take(A));
    expect(rightsOf(state, A)).toEqual({ inform: true, read: true, write: true });
    expect(rightsOf(state, B)).toEqual({ inform: false, read: false, write: false });
    expect(ask(state, take(A))).toEqual({ kind: "unchanged" });
    expect(ask(state, take(B))).toEqual({ kind: "conflict" });
    expect(ask(state, give(B))).toEqual({ kind: "unchanged" });
    expect(after(state, give(A)).reserved).toBeUndefined();
  });

  test("a lost session does not give what its successor has reserved", () => {
    const successor = after(NO_RESERVATIONS, take(A, 7, 1), take(A, 7, 2));
    expect(ask(successor, give(A, 7, 1))).toEqual({ kind: "unchanged" });
    expect(ask(successor, give(A, 6, 2))).toEqual({ kind: "unchanged" });
    expect(after(successor, give(A, 7, 2)).reserved).toBeUndefined();
  });

  test("and persistent reservations exclude each other", () => {
    expect(ask(TWO, take(A))).toEqual({ kind: "conflict" });
    expect(ask(TWO, give(A))).toEqual({ kind: "conflict" });
    expect(ask(after(NO_RESERVATIONS, take(A)), register(A, KEY_A))).toEqual({ kind: "conflict" });
  });

  test("end with a reset, and with the gateway, whose hosts are told", () => {
    const state = after(NO_RESERVATIONS, take(A, 7));
    expect(afterReset(state).reserved).toBeUndefined();
    expect(afterGatewayLoss(state, 8)).toBe(state);
    const lost = afterGatewayLoss(state, 7);
    expect(lost.reserved).toBeUndefined();
    expect(noticeFor(state, lost, A)).toBe("reservationsReleased");
    expect(afterReset(TWO)).toBe(TWO);
  });
});

test("who hears of several changes at once is told of each, and of nothing that he did himself", () => {
  const held = after(THREE, reserve(A, KEY_A, WE_RO));
  const later = after(
    held,
    preempt(B, KEY_B, { victim: KEY_A }),
    register(A, KEY_A),
    preempt(B, KEY_B, { victim: KEY_C }),
    release(B, KEY_B, WE_RO),
    register(B, NO_KEY, KEY_B),
  );
  expect([A, B, C].map((who) => noticesFor(held, later, who))).toEqual([
    ["registrationsPreempted", "reservationsReleased"],
    [],
    ["registrationsPreempted"],
  ]);
  expect(noticesFor(held, held, A)).toEqual([]);
  const cleared = after(later, { kind: "clear", nexus: A, key: KEY_A });
  expect(noticesFor(later, cleared, A)).toEqual([]);
});

test("what only widens takes no right away from anybody", () => {
  const kinds: readonly Asked[] = [
    register(A, KEY_A),
    registerAnyway(A, KEY_C),
    register(A, NO_KEY, KEY_A),
    reserve(A, KEY_A, WE),
    release(A, KEY_A, WE_RO),
    { kind: "clear", nexus: A, key: KEY_A },
    preempt(A, KEY_A, { victim: KEY_B }),
  ];
  const states = [TWO, ...TYPES.map((type) => after(THREE, reserve(A, KEY_A, type)))];
  for (const state of states) {
    for (const asked of kinds) {
      const action = { seen: state.changes, ...asked } as ReservationAction;
      const outcome = ask(state, action);
      if (!onlyWidens(action) || outcome.kind !== "changed") continue;
      for (const who of [A, A2, B, C]) {
        const [before, now] = [rightsOf(state, who), rightsOf(outcome.state, who)];
        expect([!before.read || now.read, !before.write || now.write]).toEqual([true, true]);
      }
    }
  }
});
