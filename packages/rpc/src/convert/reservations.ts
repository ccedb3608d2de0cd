// Reservations of a logical unit and what is asked of them, between messages and domain.
import { SystemError } from "@ashlar/core";
import {
  type Holding,
  isReservationType,
  type NexusId,
  NOTICES,
  type ReservationAction,
  type ReservationKey,
  type Reservations,
  type ReservationType,
} from "@ashlar/reservations";
import type { Holding__Output } from "../gen/ashlar/v1/Holding.ts";
import type { Nexus__Output } from "../gen/ashlar/v1/Nexus.ts";
import type {
  ReservationAction as ActionMessage,
  ReservationAction__Output,
} from "../gen/ashlar/v1/ReservationAction.ts";
import type {
  Reservations as Message,
  Reservations__Output,
} from "../gen/ashlar/v1/Reservations.ts";
import { oneOf, safeNumber } from "./scalars.ts";

/** RFC 7143, 4.2.7.1 and 4.4: a name of 223 bytes, `,i,0x` and an ISID. */
const INITIATOR_PORT_LENGTH_MAX = 223 + 5 + 12;

const bad = (what: string): SystemError => new SystemError("rpc/bad-frame", what);

const toNexus = ({ initiatorPort, targetPort }: NexusId): NexusId => ({
  initiatorPort,
  targetPort,
});

function fromNexus(message: Nexus__Output | null): NexusId {
  const { initiatorPort = "", targetPort = 0 } = message ?? {};
  if (initiatorPort === "" || Buffer.byteLength(initiatorPort) > INITIATOR_PORT_LENGTH_MAX) {
    throw bad("a message names no nexus");
  }
  return { initiatorPort, targetPort };
}

const toHolding = ({ gateway, serial }: Holding): Holding => ({ gateway, serial });

const fromHolding = ({ gateway, serial }: Holding__Output): Holding => ({
  gateway: safeNumber(gateway),
  serial: safeNumber(serial),
});

function fromKey(text: string): ReservationKey {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw bad("a message has no reservation key");
}

function fromType(type: number): ReservationType {
  if (isReservationType(type)) return type;
  throw bad(`there is no type ${type} of reservations`);
}

export const toReservations = (state: Reservations): Message => {
  const { changes, generation, aptpl, held, reserved } = state;
  return {
    changes,
    generation,
    aptpl,
    registrants: state.registrants.map(({ key, ...nexus }) => ({ nexus, key })),
    type: held?.type ?? 0,
    holder: held?.holder ?? null,
    reserved: reserved ? toNexus(reserved) : null,
    reservedAs: reserved ? toHolding(reserved) : null,
    notices: state.notices.map(({ kind, change, ...nexus }) => ({ nexus, kind, change })),
    aborts: state.aborts.map(({ change, ...nexus }) => ({ nexus, change })),
  };
};

export const fromReservations = (message: Reservations__Output): Reservations => ({
  changes: safeNumber(message.changes),
  generation: message.generation,
  aptpl: message.aptpl,
  registrants: message.registrants.map(({ nexus, key }) => ({
    ...fromNexus(nexus),
    key: fromKey(key),
  })),
  held:
    message.type === 0
      ? undefined
      : {
          type: fromType(message.type),
          holder: message.holder ? fromNexus(message.holder) : undefined,
        },
  reserved:
    message.reserved && message.reservedAs
      ? { ...fromNexus(message.reserved), ...fromHolding(message.reservedAs) }
      : undefined,
  notices: message.notices.map(({ nexus, kind, change }) => ({
    ...fromNexus(nexus),
    kind: oneOf(NOTICES, kind),
    change: safeNumber(change),
  })),
  aborts: message.aborts.map(({ nexus, change }) => ({
    ...fromNexus(nexus),
    change: safeNumber(change),
  })),
});

export function toAction(action: ReservationAction): ActionMessage {
  const { kind, nexus, seen, ...fields } = action;
  const message = action.kind === "register" ? { ...fields, key: action.key ?? "" } : fields;
  return { nexus: toNexus(nexus), seen, [kind]: message };
}

/** @throws SystemError rpc/bad-frame for what no gateway sends. */
export function fromAction(message: ReservationAction__Output): ReservationAction {
  const who = { nexus: fromNexus(message.nexus), seen: safeNumber(message.seen) };
  const { register, reserve, release, clear, preempt, registerAndMove, take, give } = message;
  if (register) {
    const { key, newKey, allTargetPorts, aptpl } = register;
    const known = key === "" ? undefined : fromKey(key);
    return { kind: "register", ...who, key: known, newKey: fromKey(newKey), allTargetPorts, aptpl };
  }
  if (reserve) return { kind: "reserve", ...who, ...fromHeld(reserve) };
  if (release) return { kind: "release", ...who, ...fromHeld(release) };
  if (clear) return { kind: "clear", ...who, key: fromKey(clear.key) };
  if (preempt) {
    const { victim, abort } = preempt;
    return { kind: "preempt", ...who, ...fromHeld(preempt), victim: fromKey(victim), abort };
  }
  if (registerAndMove) {
    const { key, newKey, unregister, aptpl, to } = registerAndMove;
    const keys = { key: fromKey(key), newKey: fromKey(newKey) };
    return { kind: "registerAndMove", ...who, ...keys, unregister, aptpl, to: fromNexus(to) };
  }
  if (take) return { kind: "take", ...who, ...fromHolding(take) };
  if (give) return { kind: "give", ...who, ...fromHolding(give) };
  throw bad("a change of reservations of an unknown kind");
}

const fromHeld = ({ key, type }: { readonly key: string; readonly type: number }) => ({
  key: fromKey(key),
  type: fromType(type),
});
