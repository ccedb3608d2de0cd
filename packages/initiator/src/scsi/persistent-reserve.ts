// PERSISTENT RESERVE IN and OUT as a host writes and reads them (SPC-4 6.15, 6.16). Keys are 16 hexadecimal
// digits: they exceed what a number holds, and are only compared.
import { assert, SystemError } from "@ashlar/core";

export type ReservationKey = string;

/** Unregisters, and stands for nobody. */
export const NO_KEY: ReservationKey = "0".repeat(16);

export const RESERVE_IN = {
  readKeys: 0x00,
  readReservation: 0x01,
  reportCapabilities: 0x02,
  readFullStatus: 0x03,
} as const;
export type ReserveInAction = keyof typeof RESERVE_IN;

export const RESERVE_OUT = {
  register: 0x00,
  reserve: 0x01,
  release: 0x02,
  clear: 0x03,
  preempt: 0x04,
  preemptAndAbort: 0x05,
  registerAndIgnoreExistingKey: 0x06,
  registerAndMove: 0x07,
} as const;
export type ReserveOutAction = keyof typeof RESERVE_OUT;

/** Type 5, which Windows clusters use: registered hosts write, all others only read. */
export const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;

export interface ReserveOut {
  readonly action: ReserveOutAction;
  /** RESERVATION KEY: the one under which the nexus is registered; none if absent. */
  readonly key?: ReservationKey;
  /** SERVICE ACTION RESERVATION KEY: the new key, or that of who is pre-empted. */
  readonly serviceActionKey?: ReservationKey;
  readonly type?: number;
  /** Keep it over a loss of power (APTPL). */
  readonly aptpl?: boolean;
  readonly allTargetPorts?: boolean;
  /** REGISTER AND MOVE: who holds the reservation from then on. */
  readonly moveTo?: { readonly transportId: Buffer; readonly relativePort: number };
  /** REGISTER AND MOVE: the registration of the sender ends. */
  readonly unregister?: boolean;
}

export interface ReservationState {
  readonly generation: number;
  /** Undefined when nothing is reserved. */
  readonly held:
    | { readonly key: ReservationKey; readonly scope: number; readonly type: number }
    | undefined;
}

export interface RegisteredKeys {
  readonly generation: number;
  /** One for each registered nexus, so the same key may stand there more than once. */
  readonly keys: readonly ReservationKey[];
}

export interface ReserveCapabilities {
  /** CRH: RESERVE(6) and (10) are compatible. */
  readonly compatibleHandling: boolean;
  readonly specifiesPorts: boolean;
  readonly allTargetPorts: boolean;
  /** PTPL_C: able to keep registrations over a loss of power. */
  readonly persistsThroughPowerLoss: boolean;
  /** PTPL_A: told to do so now. */
  readonly persistenceActive: boolean;
  /** Undefined unless the mask is valid. */
  readonly types: readonly number[] | undefined;
}

export interface FullStatus {
  readonly key: ReservationKey;
  readonly holdsReservation: boolean;
  readonly allTargetPorts: boolean;
  readonly type: number;
  readonly relativePort: number;
  /** `name,i,0xISID` of an iSCSI initiator port; the TransportID in hexadecimal of any other. */
  readonly initiatorPort: string;
}

const LIST_LENGTH = 24;
const APTPL = 0x01;
const ALL_TG_PT = 0x04;
const UNREG = 0x02;
const OPCODE_IN = 0x5e;
const OPCODE_OUT = 0x5f;

export function reserveInCdb(action: ReserveInAction, allocationLength: number): Buffer {
  const cdb = Buffer.alloc(10);
  cdb.writeUInt8(OPCODE_IN, 0);
  cdb.writeUInt8(RESERVE_IN[action], 1);
  cdb.writeUInt16BE(allocationLength, 7);
  return cdb;
}

export function reserveOutCdb({ action, type = 0 }: ReserveOut, listLength: number): Buffer {
  assert(type >= 0 && type <= 0x0f, "a reservation type has four bits");
  const cdb = Buffer.alloc(10);
  cdb.writeUInt8(OPCODE_OUT, 0);
  cdb.writeUInt8(RESERVE_OUT[action], 1);
  cdb.writeUInt8(type, 2);
  cdb.writeUInt32BE(listLength, 5);
  return cdb;
}

/** 24 bytes; REGISTER AND MOVE adds the TransportID, and has its flags and port elsewhere. */
export function reserveOutList(request: ReserveOut): Buffer {
  const { key = NO_KEY, serviceActionKey = NO_KEY, aptpl = false, moveTo } = request;
  const list = Buffer.alloc(LIST_LENGTH);
  writeKey(list, key, 0);
  writeKey(list, serviceActionKey, 8);
  if (!moveTo) {
    list.writeUInt8((aptpl ? APTPL : 0) | (request.allTargetPorts ? ALL_TG_PT : 0), 20);
    return list;
  }
  list.writeUInt8((aptpl ? APTPL : 0) | (request.unregister ? UNREG : 0), 17);
  list.writeUInt16BE(moveTo.relativePort, 18);
  list.writeUInt32BE(moveTo.transportId.length, 20);
  return Buffer.concat([list, moveTo.transportId]);
}

function writeKey(list: Buffer, key: ReservationKey, at: number): void {
  assert(/^[0-9a-f]{16}$/.test(key), "a reservation key is 16 hexadecimal digits");
  list.write(key, at, "hex");
}

const keyAt = (data: Buffer, at: number): ReservationKey => data.toString("hex", at, at + 8);

const short = (what: string): SystemError =>
  new SystemError("rpc/bad-frame", `${what} data is too short`);

/** The list behind PRGENERATION and ADDITIONAL LENGTH, and the generation. */
function parseHeader(data: Buffer, what: string): { generation: number; list: Buffer } {
  if (data.length < 8) throw short(what);
  const length = data.readUInt32BE(4);
  if (data.length < 8 + length) throw short(what);
  return { generation: data.readUInt32BE(0), list: data.subarray(8, 8 + length) };
}

/** @throws SystemError rpc/bad-frame, as all parsers here. */
export function parseKeys(data: Buffer): RegisteredKeys {
  const { generation, list } = parseHeader(data, "READ KEYS");
  if (list.length % 8 !== 0) throw short("READ KEYS");
  const keys = Array.from({ length: list.length / 8 }, (_, index) => keyAt(list, index * 8));
  return { generation, keys };
}

export function parseReservation(data: Buffer): ReservationState {
  const { generation, list } = parseHeader(data, "READ RESERVATION");
  if (list.length === 0) return { generation, held: undefined };
  if (list.length < 16) throw short("READ RESERVATION");
  const scopeAndType = list.readUInt8(13);
  const held = { key: keyAt(list, 0), scope: scopeAndType >> 4, type: scopeAndType & 0x0f };
  return { generation, held };
}

const TYPES_VALID = 0x80;

export function parseCapabilities(data: Buffer): ReserveCapabilities {
  if (data.length < 8 || data.readUInt16BE(0) < 8) throw short("REPORT CAPABILITIES");
  const [abilities, state] = [data.readUInt8(2), data.readUInt8(3)];
  // Bit n of byte 4 stands for type n; what does not fit there goes on in byte 5.
  const mask = data.readUInt8(4) | (data.readUInt8(5) << 8);
  const types = Array.from({ length: 16 }, (_, type) => type).filter((type) => mask & (1 << type));
  return {
    compatibleHandling: (abilities & 0x10) !== 0,
    specifiesPorts: (abilities & 0x08) !== 0,
    allTargetPorts: (abilities & 0x04) !== 0,
    persistsThroughPowerLoss: (abilities & 0x01) !== 0,
    persistenceActive: (state & 0x01) !== 0,
    types: (state & TYPES_VALID) !== 0 ? types : undefined,
  };
}

const STATUS_LENGTH = 24;

export function parseFullStatus(data: Buffer): {
  readonly generation: number;
  readonly registrants: readonly FullStatus[];
} {
  const { generation, list } = parseHeader(data, "READ FULL STATUS");
  const registrants: FullStatus[] = [];
  for (let at = 0; at < list.length; ) {
    if (at + STATUS_LENGTH > list.length) throw short("READ FULL STATUS");
    const idLength = list.readUInt32BE(at + 20);
    const end = at + STATUS_LENGTH + idLength;
    if (end > list.length) throw short("READ FULL STATUS");
    const flags = list.readUInt8(at + 12);
    registrants.push({
      key: keyAt(list, at),
      holdsReservation: (flags & 0x01) !== 0,
      allTargetPorts: (flags & 0x02) !== 0,
      type: list.readUInt8(at + 13) & 0x0f,
      relativePort: list.readUInt16BE(at + 18),
      initiatorPort: portOfTransportId(list.subarray(at + STATUS_LENGTH, end)),
    });
    at = end;
  }
  return { generation, registrants };
}

const ISCSI_WITH_ISID = 0x45;
const TRANSPORT_HEADER_LENGTH = 4;

/** iSCSI, format 01b (SPC-4 7.6.4.6): name, separator and ISID as one text. */
function portOfTransportId(id: Buffer): string {
  if (id.length <= TRANSPORT_HEADER_LENGTH || id.readUInt8(0) !== ISCSI_WITH_ISID) {
    return id.toString("hex");
  }
  const text = id.toString("utf8", TRANSPORT_HEADER_LENGTH);
  return text.split("\0", 1).join("").toLowerCase();
}

/** How an initiator port with that name and ISID is named (RFC 7143, 4.4). */
export const initiatorPortOf = (initiatorName: string, isid: string): string =>
  `${initiatorName},i,0x${isid}`.toLowerCase();
