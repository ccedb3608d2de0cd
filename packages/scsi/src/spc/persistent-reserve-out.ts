// PERSISTENT RESERVE OUT (SPC-4 6.16). What a request does is decided where the state is; here it is read from
// CDB and parameter list, and what came of it becomes a status.
import { scatterJoin } from "@ashlar/core";
import {
  isReservationType,
  type NexusId,
  type ReservationKey,
  type ReservationType,
} from "@ashlar/reservations";
import { type CommandRow, type DataOutOffer, type Place, unitCommand } from "../command.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { nexusId, type RequestedAction } from "../reservation-port.ts";
import { type CommandResult, checkCondition, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";
import { resultOfReservation } from "./reserve-release.ts";
import { decodeTransportId } from "./transport-id.ts";

const LIST_LENGTH = 24;
/** A TransportID holds a name of 223 bytes and an ISID. */
const LIST_LENGTH_MAX = 512;
const SCOPE_MASK = 0xf0;
const TYPE_MASK = 0x0f;
/** Byte 20 of the list. */
const SPEC_I_PT = 0x08;
const ALL_TG_PT = 0x04;
const APTPL = 0x01;
/** Byte 17 of the list of REGISTER AND MOVE. */
const UNREG = 0x02;

interface ReserveOut {
  readonly type: number;
  readonly listLength: number;
  /** Changes of the reservations that were known when the command came. */
  readonly seen: number;
}

interface Request {
  /** Who asks, and what was known then. */
  readonly by: { readonly nexus: NexusId; readonly seen: number };
  readonly list: Buffer;
  readonly type: ReservationType;
}

interface ServiceAction {
  readonly name: string;
  readonly code: number;
  /** Scope and type mean something. */
  readonly hasType: boolean;
  readonly hasTransportId?: boolean;
  actionOf(request: Request): RequestedAction | undefined;
}

const keyAt = (list: Buffer, at: number): ReservationKey => list.toString("hex", at, at + 8);
const ownKey = (list: Buffer): ReservationKey => keyAt(list, 0);
const serviceActionKey = (list: Buffer): ReservationKey => keyAt(list, 8);
const flags = (list: Buffer): number => list.readUInt8(20);

const register =
  ({ ignoresExisting }: { readonly ignoresExisting: boolean }): ServiceAction["actionOf"] =>
  ({ by, list }) =>
    (flags(list) & SPEC_I_PT) !== 0
      ? undefined
      : {
          kind: "register",
          ...by,
          key: ignoresExisting ? undefined : ownKey(list),
          newKey: serviceActionKey(list),
          allTargetPorts: (flags(list) & ALL_TG_PT) !== 0,
          aptpl: (flags(list) & APTPL) !== 0,
        };

const preempt =
  ({ abort }: { readonly abort: boolean }): ServiceAction["actionOf"] =>
  ({ by, list, type }) => ({
    kind: "preempt",
    ...by,
    key: ownKey(list),
    victim: serviceActionKey(list),
    type,
    abort,
  });

function registerAndMove({ by, list }: Request): RequestedAction | undefined {
  const idLength = list.readUInt32BE(20);
  const initiatorPort = decodeTransportId(list.subarray(LIST_LENGTH, LIST_LENGTH + idLength));
  if (initiatorPort === undefined || idLength > list.length - LIST_LENGTH) return undefined;
  return {
    kind: "registerAndMove",
    ...by,
    key: ownKey(list),
    newKey: serviceActionKey(list),
    unregister: (list.readUInt8(17) & UNREG) !== 0,
    aptpl: (list.readUInt8(17) & APTPL) !== 0,
    to: { initiatorPort, targetPort: list.readUInt16BE(18) },
  };
}

const SERVICE_ACTIONS: readonly ServiceAction[] = [
  { name: "REGISTER", code: 0, hasType: false, actionOf: register({ ignoresExisting: false }) },
  {
    name: "RESERVE",
    code: 1,
    hasType: true,
    actionOf: ({ by, list, type }) => ({ kind: "reserve", ...by, key: ownKey(list), type }),
  },
  {
    name: "RELEASE",
    code: 2,
    hasType: true,
    actionOf: ({ by, list, type }) => ({ kind: "release", ...by, key: ownKey(list), type }),
  },
  {
    name: "CLEAR",
    code: 3,
    hasType: false,
    actionOf: ({ by, list }) => ({ kind: "clear", ...by, key: ownKey(list) }),
  },
  { name: "PREEMPT", code: 4, hasType: true, actionOf: preempt({ abort: false }) },
  { name: "PREEMPT AND ABORT", code: 5, hasType: true, actionOf: preempt({ abort: true }) },
  {
    name: "REGISTER AND IGNORE EXISTING KEY",
    code: 6,
    hasType: false,
    actionOf: register({ ignoresExisting: true }),
  },
  {
    name: "REGISTER AND MOVE",
    code: 7,
    hasType: false,
    hasTransportId: true,
    actionOf: registerAndMove,
  },
];

function parse(
  cdb: Buffer,
  { hasType, hasTransportId = false }: ServiceAction,
  { unit }: Place<LogicalUnit>,
): ReserveOut | Refusal {
  const scopeAndType = cdb.readUInt8(2);
  const type = scopeAndType & TYPE_MASK;
  if (hasType && ((scopeAndType & SCOPE_MASK) !== 0 || !isReservationType(type))) {
    return new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte: 2 });
  }
  const listLength = cdb.readUInt32BE(5);
  const isRight = hasTransportId
    ? listLength >= LIST_LENGTH && listLength <= LIST_LENGTH_MAX
    : listLength === LIST_LENGTH;
  const seen = unit.reservations.current.changes;
  return isRight ? { type, listLength, seen } : new Refusal(SENSE.parameterListLengthError);
}

function actionOf(
  { type, listLength, seen }: ReserveOut,
  {
    row,
    nexus,
    offer,
  }: { readonly row: ServiceAction; readonly nexus: NexusId; readonly offer: DataOutOffer },
): RequestedAction | CommandResult {
  const list = scatterJoin(offer.data);
  if (list.length < listLength) return checkCondition(SENSE.parameterListLengthError);
  // Of a type that means nothing any will do.
  const known = isReservationType(type) ? type : 1;
  return (
    row.actionOf({ by: { nexus, seen }, list, type: known }) ??
    checkCondition(SENSE.invalidFieldInParameterList)
  );
}

const persistentReserveOut = (row: ServiceAction): CommandRow =>
  unitCommand<ReserveOut>({
    name: `PERSISTENT RESERVE OUT, ${row.name}`,
    opcode: 0x5f,
    serviceAction: row.code,
    usage: `5f${row.code.toString(16).padStart(2, "0")}ff0000ffffffff00`,
    reservation: "always",
    parse: (cdb, place) => parse(cdb, row, place),
    dataOutLength: ({ listLength }) => listLength,
    execute: async (command, { unit, nexus }, offer, options) => {
      const action = actionOf(command, { row, nexus: nexusId(nexus), offer });
      if ("status" in action) return action;
      return resultOfReservation(await unit.reservations.change(action, options));
    },
  });

export const PERSISTENT_RESERVE_OUT: readonly CommandRow[] =
  SERVICE_ACTIONS.map(persistentReserveOut);
