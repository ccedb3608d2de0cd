import {
  CHECKSUM_UNIT,
  chunkIdFromNumber,
  EXTENT_SIZE,
  SystemError,
  scatterJoin,
  storeUuid,
  unitChecksums,
} from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import {
  type LogEntry,
  NAK_REASON,
  type NakReason,
  type ReplicationMessage,
  REPLICATION_VERSION as VERSION,
} from "@ashlar/replica";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeReplication, encodeReplication, REPLICATION_FRAME } from "./replication-codec.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const lsn = fc.record({ epoch: u32, seq: u48 });
const uuid = fc.uuid().map((text) => storeUuid(text));
const head = {
  chunk: fc.integer({ min: 2 ** 22 + 1, max: Number.MAX_SAFE_INTEGER }).map(chunkIdFromNumber),
  epoch: u32,
  session: u32,
};
const opId = fc.record({ incarnation: u48, seq: u48 });
const offset = fc.nat(2 ** 14 - 1).map((unit) => unit * CHECKSUM_UNIT);
const entryHead = { lsn, opId, lowestUnresolvedSeq: u48, offset };
const window = fc
  .tuple(u48, u48, fc.array(u32, { maxLength: 5 }))
  .map(([incarnation, lowestUnresolvedSeq, distances]) => ({
    incarnation,
    lowestUnresolvedSeq,
    seqs: distances.map((distance) => lowestUnresolvedSeq + distance),
  }));
const payload = (unit: number, count: fc.Arbitrary<number>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(count, fc.integer({ min: 0, max: 255 }))
    .map(([n, fill]) => Buffer.alloc(n * unit, fill));

const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc
    .tuple(fc.record(entryHead), payload(CHECKSUM_UNIT, fc.integer({ min: 1, max: 3 })))
    .map(([h, data]) => ({
      ...h,
      kind: "write" as const,
      length: data.length,
      data: [data],
      checksums: new Uint32Array(0),
    })),
  fc.record({ ...entryHead, kind: fc.constant("unmap" as const), length: u32 }),
  fc.record({ ...entryHead, kind: fc.constant("noop" as const), length: fc.constant(0) }),
);
const copy = fc
  .tuple(u32, lsn, payload(EXTENT_SIZE, fc.integer({ min: 0, max: 1 })))
  .map(([extent, lastLsn, data]) => ({
    extent,
    lastLsn,
    data: data.length > 0 ? [data] : undefined,
    checksums: new Uint32Array(0),
  }));

type Kind = ReplicationMessage["kind"];
const bodies: Record<Kind, Record<string, fc.Arbitrary<unknown>>> = {
  newEpoch: { store: uuid, version: u48, tail: lsn, commit: lsn },
  append: { prev: lsn, commit: lsn, entry },
  truncate: { after: lsn },
  commit: { commit: lsn, report: fc.boolean() },
  resyncStart: { from: lsn, base: lsn, windows: fc.array(window, { maxLength: 3 }) },
  copyExtent: { commit: lsn, copy },
  resyncEnd: { commit: lsn },
  digestRequest: { lsn },
  verifyRequest: {},
  confirm: { round: u48 },
  promise: {
    store: uuid,
    tail: lsn,
    commit: lsn,
    uncommitted: fc.array(lsn, { maxLength: 5 }),
    resyncFrom: fc.option(lsn, { nil: undefined }),
  },
  appendAck: { lsn, freeBytes: u48 },
  nak: {
    reason: fc.constantFrom(...(Object.keys(NAK_REASON) as NakReason[])),
    promisedEpoch: u32,
    tail: lsn,
  },
  resyncReady: { extents: fc.array(u32, { maxLength: 20 }) },
  copyAck: { extent: u32 },
  resyncEnded: {},
  digest: {
    lsn,
    digest: fc
      .uint8Array({ minLength: 8, maxLength: 8 })
      .map((b) => Buffer.from(b).toString("hex")),
  },
  verified: { damagedUnits: u32, damaged: fc.array(u32, { maxLength: 20 }) },
  confirmed: { round: u48 },
  unitRequest: { commit: lsn, unit: u32 },
  unitRepair: {
    commit: lsn,
    unit: u32,
    data: payload(CHECKSUM_UNIT, fc.constant(1)).map((data) => [data]),
  },
  unit: {
    unit: u32,
    data: payload(CHECKSUM_UNIT, fc.integer({ min: 0, max: 1 })).map((data) =>
      data.length > 0 ? [data] : [],
    ),
  },
};

/** With the checksums that its payload has at its place. */
function sealed(sent: ReplicationMessage): ReplicationMessage {
  const { chunk } = sent;
  if (sent.kind === "append" && sent.entry.kind === "write") {
    const { offset, data } = sent.entry;
    const checksums = unitChecksums(chunk, offset, data);
    return { ...sent, entry: { ...sent.entry, checksums } };
  }
  if (sent.kind !== "copyExtent" || !sent.copy.data) return sent;
  const { extent, data } = sent.copy;
  const checksums = unitChecksums(chunk, extent * EXTENT_SIZE, data);
  return { ...sent, copy: { ...sent.copy, checksums } };
}

const message: fc.Arbitrary<ReplicationMessage> = fc.oneof(
  ...(Object.keys(bodies) as Kind[]).map((kind) =>
    (
      fc.record({
        ...head,
        kind: fc.constant(kind),
        ...bodies[kind],
      }) as unknown as fc.Arbitrary<ReplicationMessage>
    ).map(sealed),
  ),
);

function payloadOf(sent: ReplicationMessage): Buffer {
  if (sent.kind === "append" && sent.entry.kind === "write") return scatterJoin(sent.entry.data);
  return scatterJoin((sent.kind === "copyExtent" && sent.copy.data) || []);
}

const received = (sent: ReplicationMessage) => {
  const { type, id, body } = encodeReplication(sent, VERSION);
  return { type, id, body: scatterJoin(body) };
};

describe("replication frames", () => {
  it("P14: a payload of which a bit changed, or that belongs elsewhere, is refused", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(7), (sent, at, bit) => {
        const { length } = payloadOf(sent);
        fc.pre(length > 0);
        const frame = received(sent);
        const place = frame.body.length - 1 - (at % length);
        frame.body[place] = (frame.body[place] ?? 0) ^ (1 << bit);
        expect(() => decodeReplication(frame, VERSION)).toThrow("a payload's checksums");
        const elsewhere = received({ ...sent, chunk: chunkIdFromNumber(sent.chunk - 1) });
        expect(() => decodeReplication(elsewhere, VERSION)).toThrow("a payload's checksums");
      }),
      { numRuns: soaked(300) },
    );
  });

  it("decode(encode(message)) is the message", () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(decodeReplication(received(sent), VERSION)).toEqual(sent);
      }),
      { numRuns: soaked(500) },
    );
  });

  it("every kind has a frame type of its own", () => {
    expect(new Set(Object.values(REPLICATION_FRAME)).size).toBe(Object.keys(bodies).length);
  });

  it("a damaged or cut body is a bad frame, never a crash", () => {
    const cut = fc.tuple(message, fc.nat(), fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(cut, ([sent, end, at, value]) => {
        const { type, id, body } = received(sent);
        const bytes = Buffer.from(body.subarray(0, end % (body.length + 1)));
        if (bytes.length > 0) bytes.writeUInt8(value, at % Math.min(bytes.length, 200));
        try {
          decodeReplication({ type, id, body: bytes }, VERSION);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SystemError);
        }
      }),
      { numRuns: soaked(500) },
    );
  });
});
