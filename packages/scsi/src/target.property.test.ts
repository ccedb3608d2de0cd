// Nothing that an initiator can send makes the device server throw, wait for ever or answer what no
// initiator understands: every opcode, with arbitrary bytes behind it and arbitrary data.

import { MIB } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMMAND_TABLE } from "./command-table.ts";
import { NEXUS_A, openTarget, type TargetHarness } from "./testing/harness.ts";

const GOOD = 0;
const CHECK = 2;
const CONDITION_MET = 4;
const CDB_LENGTH = 16;
const SENSE_LENGTH = 18;

/** Mostly zeros, single bits and extremes: arbitrary bytes alone are refused by the first check. */
const byte = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff) },
  { weight: 2, arbitrary: fc.nat(255) },
);
const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.array(byte, { minLength, maxLength }).map((list) => Buffer.from(list));

async function check(
  { run }: TargetHarness,
  opcode: number,
  [rest, data]: readonly [Buffer, Buffer],
): Promise<void> {
  const { status, result } = await run(Buffer.concat([Buffer.from([opcode]), rest]), { data });
  expect([GOOD, CHECK, CONDITION_MET]).toContain(status);
  expect(result.sense?.length).toBe(status === CHECK ? SENSE_LENGTH : undefined);
}

describe("no CDB and no data make the server throw", () => {
  const harness = openTarget({ sizeBytes: MIB });
  harness.target.establishNexus(NEXUS_A, { reinstated: false });

  test("for all 256 opcodes", async () => {
    for (let opcode = 0; opcode < 256; opcode += 1) {
      const rest = bytes(CDB_LENGTH - 1, CDB_LENGTH - 1);
      await fc.assert(
        fc.asyncProperty(fc.tuple(rest, bytes(0, 80)), (input) => check(harness, opcode, input)),
        { numRuns: soaked(20) },
      );
    }
  });

  test("for the service actions and commands there are, with more data", async () => {
    for (const { opcode, serviceAction } of COMMAND_TABLE) {
      const rest = bytes(CDB_LENGTH - 1, CDB_LENGTH - 1).map((tail) => {
        if (serviceAction === undefined) return tail;
        const fixed = Buffer.from(tail);
        fixed[0] = (tail.readUInt8(0) & 0xe0) | serviceAction;
        return fixed;
      });
      await fc.assert(
        fc.asyncProperty(fc.tuple(rest, bytes(0, 700)), (input) => check(harness, opcode, input)),
        { numRuns: soaked(30) },
      );
    }
  });

  test("CDBs longer than 16 bytes are no longer than that to anyone", async () => {
    const { run } = harness;
    const long = Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(259, 0xff)]);
    expect(await run(long)).toMatchObject({ status: CHECK, sense: "05/20/00" });
  });
});

test("bits that the usage mask of a command leaves out change nothing, or are refused", () => {
  const { target } = openTarget({ sizeBytes: MIB });
  const seen = (cdb: Buffer): string => {
    const prepared = target.prepare(NEXUS_A, 0, cdb);
    if (prepared.kind === "refused") return prepared.result.sense?.toString("hex") ?? "status";
    return `${prepared.name} ${prepared.dataOutLength} ${prepared.dataInLength}`;
  };
  const invalidField = /^700005.{18}2400/;
  for (const { opcode, usage, serviceAction } of COMMAND_TABLE) {
    const mask = Buffer.from(usage, "hex");
    // Usage data hold the service action itself where others hold a mask (SPC-4 6.35.3).
    if (serviceAction !== undefined) mask.writeUInt8(mask.readUInt8(1) | 0x1f, 1);
    fc.assert(
      fc.property(bytes(CDB_LENGTH - 1, CDB_LENGTH - 1), (rest) => {
        const cdb = Buffer.concat([Buffer.from([opcode]), rest]);
        if (serviceAction !== undefined)
          cdb.writeUInt8((rest.readUInt8(0) & 0xe0) | serviceAction, 1);
        const masked = cdb.map((value, at) => value & (mask[at] ?? 0));
        const outcome = seen(cdb);
        if (!invalidField.test(outcome)) expect(outcome).toBe(seen(Buffer.from(masked)));
      }),
      { numRuns: soaked(60) },
    );
  }
});

/** A list's bytes that stand for lengths and types, at random, in a list that is otherwise valid. */
test("what every byte of a list of copies may be is refused or done, never thrown", async () => {
  const harness = openTarget({ sizeBytes: MIB });
  const { naa } = harness.unit.identity;
  const list = Buffer.alloc(16 + 2 * 32 + 2 * 28);
  list.writeUInt16BE(64, 2);
  list.writeUInt32BE(56, 8);
  for (const at of [16, 48]) {
    list.set([0xe4, 0, 0, 0, 1, 3, 0, 16], at);
    naa.copy(list, at + 8);
    list.writeUInt16BE(512, at + 30);
  }
  for (const at of [80, 108]) list.set([0x02, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 9], at);
  const copy = `83 00 00 00 00 00 00 00 00 00 00 00 00 ${list.length.toString(16)}`;
  expect((await harness.run(copy, { data: list })).status).toBe(GOOD);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(list.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        const data = Buffer.from(list);
        for (const [at, value] of changes) data[at] = value;
        const { status, sense } = await harness.run(copy, { data });
        expect([GOOD, CHECK]).toContain(status);
        expect(sense ?? "none").toMatch(/^(none|05\/(1a|26)\/..|0a\/(00|08)\/..)$/);
      },
    ),
    { numRuns: soaked(500) },
  );
});
