// Whatever an initiator sends - PDUs in any order, with any bytes changed, in any pieces - the target throws
// nothing, answers in well-formed PDUs, and goes on serving others. ASHLAR_FUZZ_SECONDS makes it go on for so
// long (`npm run fuzz:iscsi`); a failing seed is printed.

import { MIB } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import { openTarget } from "@ashlar/scsi/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { InitiatorPdu } from "./pdu.ts";
import { encodeInitiatorPdu } from "./pdu-encoder.ts";
import { arbitraryInitiatorPdu } from "./testing/arbitrary-pdus.ts";
import { ConnectionScript, commandPdu, loginTo } from "./testing/transcript.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";
const { ASHLAR_FUZZ_SECONDS = "0" } = process.env;
const SECONDS = Number(ASHLAR_FUZZ_SECONDS);
const RUNS = soaked(300);
const NO_DIGESTS = { header: false, data: false };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A command in its turn, of any bytes or of a common opcode. */
const command = fc
  .record({
    opcode: fc.constantFrom(0x00, 0x12, 0x28, 0x2a, 0x42, 0x5e, 0x5f, 0x83, 0x89, 0x93, 0xa0, 0xa3),
    rest: fc.uint8Array({ minLength: 15, maxLength: 15 }),
    read: fc.boolean(),
    write: fc.boolean(),
    expectedLength: fc.integer({ min: 0, max: 4096 }),
    data: fc.uint8Array({ maxLength: 1024 }),
  })
  .map(
    ({ opcode, rest, data, ...fields }) =>
      (cmdSn: number): InitiatorPdu => ({
        ...commandPdu(`${hex(Uint8Array.of(opcode))}${hex(rest)}`, fields),
        cmdSn,
        itt: 1000 + cmdSn,
        data: fields.write ? [Buffer.from(data)] : [],
      }),
  );
const anything = arbitraryInitiatorPdu.map(
  (pdu) =>
    (_cmdSn: number): InitiatorPdu =>
      pdu,
);

const conversation = fc.record({
  logsIn: fc.boolean(),
  pdus: fc.array(fc.oneof({ weight: 3, arbitrary: command }, anything), { maxLength: 12 }),
  /** Places, as parts of the whole, and what is put there. */
  changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
    maxLength: 6,
  }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
});

type Conversation = typeof conversation extends fc.Arbitrary<infer T> ? T : never;

function piecesOf({ pdus, changes, cuts }: Conversation): Buffer[] {
  const out: Buffer[] = [];
  for (const [index, make] of pdus.entries()) {
    encodeInitiatorPdu(make(index + 1), NO_DIGESTS, out);
  }
  const whole = Buffer.concat(out);
  if (whole.length === 0) return [];
  const at = (part: number): number => Math.min(whole.length - 1, Math.floor(part * whole.length));
  for (const [part, value] of changes) whole.writeUInt8(value, at(part));
  const places = [0, ...cuts.map(at).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((to, index) => Buffer.from(whole.subarray(places[index], to)));
}

test(
  "nothing that an initiator sends is thrown over, or harms another session",
  async () => {
    const { target } = openTarget({ sizeBytes: MIB });
    const targets = new Map([[TARGET, target]]);
    const outcomes = { conversations: 0, bytes: 0, closed: 0, answers: 0 };
    await fc.assert(
      fc.asyncProperty(conversation, async (talk) => {
        const script = new ConnectionScript({ targets });
        if (talk.logsIn) await script.send(loginTo(TARGET));
        const pieces = piecesOf(talk);
        await script.sendBytes(pieces);
        outcomes.conversations += 1;
        outcomes.bytes += pieces.reduce((sum, piece) => sum + piece.length, 0);
        outcomes.answers += script.received.length;
        if (script.closed !== undefined) outcomes.closed += 1;
        const other = new ConnectionScript({ targets });
        await other.send(loginTo(TARGET));
        await other.send(commandPdu("12 00 00 00 60 00", { read: true, expectedLength: 96 }));
        expect(other.received.at(-1)).toMatchObject({ kind: "dataIn", hasStatus: true, status: 0 });
      }),
      SECONDS > 0
        ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 }
        : { numRuns: RUNS },
    );
    if (SECONDS > 0) console.log(outcomes);
    expect(outcomes.answers).toBeGreaterThan(0);
    expect(outcomes.closed).toBeGreaterThan(0);
    expect(outcomes.closed).toBeLessThan(outcomes.conversations);
  },
  (SECONDS + 60) * 1000,
);
