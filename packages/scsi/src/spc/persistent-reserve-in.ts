// PERSISTENT RESERVE IN (SPC-4 6.15): what is registered and reserved, proved to be the newest, since
// clusters decide by it which host goes on.
import {
  holds,
  isHeldByAll,
  NO_KEY,
  RESERVATION_TYPE,
  type Registrant,
  type Reservations,
} from "@ashlar/reservations";
import { type CommandRow, unitCommand } from "../command.ts";
import { allocated } from "../result.ts";
import { encodeTransportId } from "./transport-id.ts";

const KEY_LENGTH = 8;
/** PRGENERATION and ADDITIONAL LENGTH. */
const HEADER_LENGTH = 8;
const RESERVATION_LENGTH = 16;
const STATUS_LENGTH = 24;
const R_HOLDER = 0x01;
/** Kept over a loss of power; registrations for all target ports; nothing for other nexuses. */
const CAPABILITIES = { byte2: 0x05, typeMaskValid: 0x80, aptplActive: 0x01 } as const;
/** The types of byte 4 of the mask have the bit of their code, those above 7 begin in byte 5. */
const TYPE_MASK = Object.values(RESERVATION_TYPE).reduce(
  (mask, type) => (type > 7 ? mask | (1 << (type - 8)) : mask | (1 << (type + 8))),
  0,
);

function withHeader({ generation }: Reservations, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt32BE(generation, 0);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

const keyBytes = (key: string): Buffer => Buffer.from(key, "hex");

const readKeys = (state: Reservations): Buffer =>
  withHeader(state, Buffer.concat(state.registrants.map(({ key }) => keyBytes(key))));

function readReservation(state: Reservations): Buffer {
  const { held, registrants } = state;
  if (!held) return withHeader(state, Buffer.alloc(0));
  const body = Buffer.alloc(RESERVATION_LENGTH);
  const holder = isHeldByAll(held.type) ? undefined : registrants.find((one) => holds(state, one));
  keyBytes(holder?.key ?? NO_KEY).copy(body);
  body[13] = held.type;
  return withHeader(state, body);
}

function reportCapabilities({ aptpl }: Reservations): Buffer {
  const reply = Buffer.alloc(KEY_LENGTH);
  reply.writeUInt16BE(reply.length, 0);
  reply[2] = CAPABILITIES.byte2;
  reply[3] = CAPABILITIES.typeMaskValid | (aptpl ? CAPABILITIES.aptplActive : 0);
  reply.writeUInt16BE(TYPE_MASK, 4);
  return reply;
}

function fullStatus(state: Reservations, registrant: Registrant): Buffer {
  const { held } = state;
  const status = Buffer.alloc(STATUS_LENGTH);
  keyBytes(registrant.key).copy(status);
  if (held && holds(state, registrant)) {
    status[12] = R_HOLDER;
    status[13] = held.type;
  }
  status.writeUInt16BE(registrant.targetPort, 18);
  const transportId = encodeTransportId(registrant.initiatorPort);
  status.writeUInt32BE(transportId.length, 20);
  return Buffer.concat([status, transportId]);
}

const readFullStatus = (state: Reservations): Buffer =>
  withHeader(state, Buffer.concat(state.registrants.map((one) => fullStatus(state, one))));

const persistentReserveIn = (
  { name, serviceAction }: { readonly name: string; readonly serviceAction: number },
  encode: (state: Reservations) => Buffer,
): CommandRow =>
  unitCommand<number>({
    name: `PERSISTENT RESERVE IN, ${name}`,
    opcode: 0x5e,
    serviceAction,
    usage: `5e${serviceAction.toString(16).padStart(2, "0")}0000000000ffff00`,
    reservation: "inform",
    parse: (cdb) => cdb.readUInt16BE(7),
    execute: async (allocationLength, { unit }, _offer, options) =>
      allocated(encode(await unit.reservations.proved(options)), allocationLength),
  });

export const PERSISTENT_RESERVE_IN: readonly CommandRow[] = [
  persistentReserveIn({ name: "READ KEYS", serviceAction: 0 }, readKeys),
  persistentReserveIn({ name: "READ RESERVATION", serviceAction: 1 }, readReservation),
  persistentReserveIn({ name: "REPORT CAPABILITIES", serviceAction: 2 }, reportCapabilities),
  persistentReserveIn({ name: "READ FULL STATUS", serviceAction: 3 }, readFullStatus),
];
