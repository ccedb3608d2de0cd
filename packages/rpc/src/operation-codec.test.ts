import {
  CHUNK_SIZE_MAX,
  chunkIdFromNumber,
  OP_LENGTH_MAX,
  SystemError,
  scatterJoin,
} from "@ashlar/core";
import {
  OPERATION_STATUS,
  type Operation,
  type OperationReply,
  type OperationStatusName,
  OPERATION_VERSION as VERSION,
} from "@ashlar/replica";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeOperation, decodeReply, encodeOperation, encodeReply } from "./operation-codec.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const bytes = fc.uint8Array({ maxLength: 9000 }).map((array) => Buffer.from(array));
const checksums = fc.uint32Array({ maxLength: 6 });

const head = fc.record({
  chunk: fc.integer({ min: 2 ** 22, max: Number.MAX_SAFE_INTEGER }).map(chunkIdFromNumber),
  layer: u32,
  epoch: u32,
  opId: fc.record({ incarnation: u48, seq: u48 }),
  lowestUnresolvedSeq: u48,
  token: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  generation: u48,
  offset: fc.integer({ min: 0, max: CHUNK_SIZE_MAX - OP_LENGTH_MAX }),
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .tuple(head, fc.integer({ min: 0, max: OP_LENGTH_MAX }))
    .map(([h, length]) => ({ ...h, length, kind: "read" as const })),
  fc
    .tuple(head, fc.integer({ min: 0, max: OP_LENGTH_MAX }))
    .map(([h, length]) => ({ ...h, length, kind: "unmap" as const })),
  fc
    .tuple(head, bytes, checksums, fc.constantFrom("write" as const, "orWrite" as const))
    .map(([h, data, sums, kind]) => ({
      ...h,
      length: data.length,
      kind,
      data: [data],
      checksums: sums,
    })),
  fc.tuple(head, bytes, checksums).map(([h, data, sums]) => ({
    ...h,
    length: data.length,
    kind: "compareAndWrite" as const,
    data: [data, data],
    checksums: sums,
  })),
);

const reply: fc.Arbitrary<OperationReply> = fc.record({
  status: fc.constantFrom(...(Object.keys(OPERATION_STATUS) as OperationStatusName[])),
  epoch: u32,
  value: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  data: fc.array(bytes, { maxLength: 3 }),
  checksums,
});

const joined = <T extends object>(value: T): T =>
  "data" in value ? { ...value, data: scatterJoin(value.data as Buffer[]) } : value;

describe("operation frames", () => {
  it("decode to what was encoded", () => {
    fc.assert(
      fc.property(operation, (sent) => {
        const received = decodeOperation(Buffer.concat(encodeOperation(sent, VERSION)), VERSION);
        expect(joined(received)).toEqual(joined(sent));
      }),
    );
  });

  it("carry replies of every status", () => {
    fc.assert(
      fc.property(reply, (sent) => {
        const received = decodeReply(Buffer.concat(encodeReply(sent, VERSION)), VERSION);
        expect(joined(received)).toEqual(joined(sent));
      }),
    );
  });

  it("never crash the reader: bytes are an operation or rpc/bad-frame", () => {
    fc.assert(
      fc.property(operation, fc.nat(), fc.integer({ min: 0, max: 255 }), (sent, where, value) => {
        const body = Buffer.concat(encodeOperation(sent, VERSION));
        body[where % body.length] = value;
        try {
          decodeOperation(body, VERSION);
        } catch (thrown) {
          expect((thrown as SystemError).code).toBe("rpc/bad-frame");
        }
      }),
    );
    for (const decode of [decodeOperation, decodeReply]) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
          try {
            decode(Buffer.from(noise), VERSION);
          } catch (thrown) {
            expect((thrown as SystemError).code).toBe("rpc/bad-frame");
          }
        }),
      );
    }
  });

  it("are refused when payload and range disagree", () => {
    const [h] = fc.sample(head, 1);
    const write: Operation = {
      ...h!,
      kind: "write",
      length: 512,
      data: [Buffer.alloc(512)],
      checksums: new Uint32Array(1),
    };
    const refused = (sent: Operation): void => {
      expect(() => decodeOperation(Buffer.concat(encodeOperation(sent, VERSION)), VERSION)).toThrow(
        SystemError,
      );
    };
    refused({ ...write, length: 1024 });
    refused({ ...write, length: 0 });
    refused({ ...write, kind: "compareAndWrite" });
    refused({ ...write, kind: "orWrite", length: 1024 });
    refused({ ...h!, kind: "read", length: OP_LENGTH_MAX + 1 });
    const long = [Buffer.alloc(OP_LENGTH_MAX)];
    const fits: Operation = { ...write, offset: 4096, length: OP_LENGTH_MAX, data: long };
    decodeOperation(Buffer.concat(encodeOperation(fits, VERSION)), VERSION);
    refused({ ...fits, offset: 512 });
    refused({ ...h!, kind: "unmap", offset: 512, length: CHUNK_SIZE_MAX });
  });
});
