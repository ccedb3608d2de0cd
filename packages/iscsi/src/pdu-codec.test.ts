import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Digests } from "./pdu.ts";
import {
  type DecodeFault,
  initiatorPduDecoder,
  type PduDecoder,
  targetPduDecoder,
} from "./pdu-decoder.ts";
import { encodeInitiatorPdu, encodeTargetPdu } from "./pdu-encoder.ts";
import { arbitraryInitiatorPdu, arbitraryTargetPdu } from "./testing/arbitrary-pdus.ts";

const LIMITS = { dataSegmentMax: 4096 };
const digests = fc.record({ header: fc.boolean(), data: fc.boolean() });

/** PDUs with their data joined, so that lists that are cut differently compare equal. */
const flat = (pdu: object): object =>
  "data" in pdu ? { ...pdu, data: Buffer.concat(pdu.data as Buffer[]).toString("hex") } : pdu;

function decodeAll<P extends object>(
  decoder: PduDecoder<P>,
  pieces: readonly Buffer[],
  wanted: Digests,
): { pdus: object[]; fault: DecodeFault | undefined } {
  decoder.digests = wanted;
  const pdus: object[] = [];
  let fault: DecodeFault | undefined;
  for (const piece of pieces) fault = decoder.push(piece, (pdu) => pdus.push(flat(pdu)));
  return { pdus, fault };
}

function cut(bytes: Buffer, marks: readonly number[]): Buffer[] {
  const at = [0, ...marks.map((mark) => mark % (bytes.length + 1)).sort((a, b) => a - b)];
  return at.map((from, index) => bytes.subarray(from, at[index + 1] ?? bytes.length));
}

test("an initiator's PDUs survive the wire, however it cuts the bytes", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryInitiatorPdu, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(2000)),
      digests,
      (pdus, marks, wanted) => {
        const out: Buffer[] = [];
        for (const pdu of pdus) encodeInitiatorPdu(pdu, wanted, out);
        const decoded = decodeAll(
          initiatorPduDecoder(LIMITS),
          cut(Buffer.concat(out), marks),
          wanted,
        );
        expect(decoded).toEqual({ pdus: pdus.map(flat), fault: undefined });
      },
    ),
  );
});

test("a target's PDUs survive the wire, however it cuts the bytes", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryTargetPdu, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(2000)),
      digests,
      (pdus, marks, wanted) => {
        const out: Buffer[] = [];
        for (const pdu of pdus) encodeTargetPdu(pdu, wanted, out);
        const decoded = decodeAll(targetPduDecoder(LIMITS), cut(Buffer.concat(out), marks), wanted);
        expect(decoded).toEqual({ pdus: pdus.map(flat), fault: undefined });
      },
    ),
  );
});

test("no bytes make a decoder throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), digests, (pieces, wanted) => {
      const buffers = pieces.map((piece) => Buffer.from(piece));
      decodeAll(initiatorPduDecoder(LIMITS), buffers, wanted);
      decodeAll(targetPduDecoder(LIMITS), buffers, wanted);
    }),
    { numRuns: soaked(500) },
  );
});

test("every flipped bit is caught by one of the digests or changes no framing", () => {
  const wanted = { header: true, data: true };
  const out: Buffer[] = [];
  encodeInitiatorPdu(
    {
      kind: "dataOut",
      final: true,
      lun: 0,
      itt: 1,
      ttt: 2,
      expStatSn: 3,
      dataSn: 0,
      bufferOffset: 0,
      data: [Buffer.from("seven b")],
    },
    wanted,
    out,
  );
  const whole = Buffer.concat(out);
  for (let at = 0; at < whole.length; at += 1) {
    const broken = Buffer.from(whole);
    broken.writeUInt8(broken.readUInt8(at) ^ 0x10, at);
    const { pdus, fault } = decodeAll(initiatorPduDecoder(LIMITS), [broken], wanted);
    expect(pdus).toEqual([]);
    // A changed length field can leave the decoder waiting for bytes that never come.
    if (at !== 4 && at !== 5 && at !== 6 && at !== 7) expect(fault).toBeDefined();
  }
});

test("a data segment beyond the limit is refused before it is read", () => {
  const header = Buffer.alloc(48);
  header.writeUIntBE(4097, 5, 3);
  const { fault } = decodeAll(initiatorPduDecoder(LIMITS), [header], {
    header: false,
    data: false,
  });
  expect(fault).toMatchObject({ reason: "tooLong" });
});

test("an unknown opcode is delivered as such, not as a fault", () => {
  const header = Buffer.alloc(48);
  header[0] = 0x10;
  header.writeUInt32BE(7, 16);
  const { pdus } = decodeAll(initiatorPduDecoder(LIMITS), [header], { header: false, data: false });
  expect(pdus).toMatchObject([{ kind: "unknown", opcode: 0x10, itt: 7 }]);
});
