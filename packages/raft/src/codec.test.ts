// What was encoded reads back the same, and bytes of anybody else are refused, not believed.
import { CodecError } from "@ashlar/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeMessage,
  encodeMessage,
  entryCodec,
  hardStateCodec,
  snapshotCodec,
} from "./codec.ts";
import type { Message } from "./messages.ts";

const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const kind = fc.constantFrom("normal", "config", "config-v2");
const id = fc.record({ term: whole, index: whole });
const entry = fc.record({ version: fc.constant(1), kind, term: whole, index: whole, data });
const members = fc.array(whole, { maxLength: 5 });
const snapshot = fc.record({
  version: fc.constant(1),
  index: whole,
  term: whole,
  membership: fc.record({
    voters: members,
    votersOutgoing: members,
    learners: members,
    learnersNext: members,
    autoLeave: fc.boolean(),
  }),
  data,
});
const bodies: Record<string, fc.Arbitrary<object>> = {
  "request-vote": fc.record({ preVote: fc.boolean(), last: id, transfer: fc.boolean() }),
  "request-vote-response": fc.record({ preVote: fc.boolean(), reject: fc.boolean() }),
  "append-entries": fc.record({ previous: id, entries: fc.array(entry), commit: whole }),
  "append-entries-response": fc.record({
    index: whole,
    rejected: fc.option(id, { nil: undefined }),
  }),
  heartbeat: fc.record({ commit: whole, round: whole }),
  "heartbeat-response": fc.record({ round: whole }),
  "install-snapshot": fc.record({ snapshot }),
  "timeout-now": fc.constant({}),
  "transfer-leader": fc.record({ transferee: whole }),
  propose: fc.record({ entries: fc.array(fc.record({ kind, data })) }),
  "read-index": fc.record({ context: fc.string() }),
  "read-index-response": fc.record({ context: fc.string(), index: whole }),
};
const message = fc
  .constantFrom(...Object.keys(bodies))
  .chain((name) =>
    fc
      .tuple(fc.record({ from: whole, to: whole, term: whole }), bodies[name] ?? fc.constant({}))
      .map(([head, body]) => ({ version: 1, kind: name, ...head, ...body }) as Message),
  );

describe("codec", () => {
  it("gives every message back", () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
      }),
    );
  });

  it("gives entries, hard states and snapshots back", () => {
    fc.assert(
      fc.property(entry, snapshot, whole, (one, state, term) => {
        const log = one as Parameters<typeof entryCodec.encode>[0];
        expect(entryCodec.decode(entryCodec.encode(log))).toEqual(log);
        const shot = state as Parameters<typeof snapshotCodec.encode>[0];
        expect(snapshotCodec.decode(snapshotCodec.encode(shot))).toEqual(shot);
        const hard = { term, vote: 7, commit: term };
        expect(hardStateCodec.decode(hardStateCodec.encode(hard))).toEqual(hard);
      }),
    );
  });

  it("refuses cut and foreign bytes with a CodecError", () => {
    fc.assert(
      fc.property(message, fc.nat(), (sent, at) => {
        const bytes = encodeMessage(sent);
        expect(() => decodeMessage(bytes.subarray(0, at % bytes.length))).toThrow(CodecError);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        try {
          decodeMessage(Buffer.from(noise));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CodecError);
        }
      }),
    );
  });

  it("refuses a message of another version, and one that never travels", () => {
    const bytes = encodeMessage({ version: 1, kind: "timeout-now", from: 1, to: 2, term: 3 });
    bytes[0] = 2;
    expect(() => decodeMessage(bytes)).toThrow("format 2 is unknown");
    const local = { version: 1, from: 1, to: -1, term: 0, entries: [], responses: [] } as const;
    expect(() => encodeMessage({ ...local, kind: "storage-apply" })).toThrow(CodecError);
  });
});
