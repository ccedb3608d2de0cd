import { MIB, SystemError } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import type { ScsiTarget } from "@ashlar/scsi";
import { openTarget } from "@ashlar/scsi/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConnectionEffect } from "./effect.ts";
import { TAG_NONE, TASK_FUNCTION } from "./opcode.ts";
import type { TaskManagementRequest } from "./pdu.ts";
import { encodeInitiatorPdu } from "./pdu-encoder.ts";
import { COMMAND_WINDOW } from "./session.ts";
import type { Task } from "./task.ts";
import { arbitraryInitiatorPdu } from "./testing/arbitrary-pdus.ts";
import { ConnectionScript, commandPdu, dataOutPdu, loginTo } from "./testing/transcript.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";
const WRITE_ONE = "2a 00 00 00 00 00 00 00 01";
const READ_ONE = "28 00 00 00 00 00 00 00 01";

/** A connection in its full-feature phase. */
async function loggedIn({ automatic = true, offers = [] as [string, string][] } = {}) {
  const harness = openTarget({ sizeBytes: 64 * MIB });
  const targets = new Map<string, ScsiTarget>([[TARGET, harness.target]]);
  const script = new ConnectionScript({ targets, automatic });
  await script.send(loginTo(TARGET, offers));
  script.perform(script.connection.targetFound(script.find({ targetName: TARGET })));
  script.perform(script.connection.sessionOpened(1));
  script.effects.length = 0;
  script.received.length = 0;
  return { script, ...harness };
}

const tasksOf = (effects: readonly ConnectionEffect[]): Task[] =>
  effects.flatMap((effect) => (effect.kind === "execute" ? [effect.task] : []));

const management = (fields: Partial<TaskManagementRequest>): TaskManagementRequest => ({
  kind: "taskManagementRequest",
  immediate: true,
  function: TASK_FUNCTION.abortTask,
  lun: 0,
  itt: 99,
  referencedItt: TAG_NONE,
  cmdSn: 2,
  expStatSn: 0,
  refCmdSn: 1,
  expDataSn: 0,
  ...fields,
});

describe("Data-Out that breaks its order fails the command and writes nothing", () => {
  const half = [Buffer.alloc(256, 7)];
  test.each([
    [
      "a wrong DataSN",
      [
        { dataSn: 1, data: half, final: false },
        { dataSn: 2, bufferOffset: 256, data: half },
      ],
    ],
    ["a hole", [{ bufferOffset: 256, data: half }]],
    [
      "the same again",
      [
        { data: half, final: false },
        { dataSn: 1, data: half },
      ],
    ],
    ["too much", [{ data: [Buffer.alloc(1024, 7)] }]],
    ["too little", [{ data: half }]],
  ])("%s", async (_name, pdus) => {
    const { script, run } = await loggedIn();
    await script.send(commandPdu(WRITE_ONE, { write: true, expectedLength: 512 }));
    await script.send(...pdus.map(dataOutPdu));
    expect(script.received.at(-1)).toMatchObject({ kind: "scsiResponse", status: 2 });
    expect((await run(READ_ONE)).data.equals(Buffer.alloc(512))).toBe(true);
  });

  test("without its last F bit completes all the same", async () => {
    const { script } = await loggedIn();
    await script.send(commandPdu(WRITE_ONE, { write: true, expectedLength: 512 }));
    await script.send(dataOutPdu({ data: [Buffer.alloc(512, 7)], final: false }));
    expect(script.received.at(-1)).toMatchObject({ kind: "scsiResponse", status: 0 });
  });

  test("of no open burst is dropped silently", async () => {
    const { script } = await loggedIn();
    await script.send(dataOutPdu({ ttt: 77, data: half }));
    expect(script.received).toEqual([]);
    expect(script.closed).toBeUndefined();
  });
});

test("a list whose length the CDB does not tell is as long as what comes, without a residual", async () => {
  const { script } = await loggedIn();
  const reassign = async (list: Buffer): Promise<unknown> => {
    const { length } = list;
    await script.send(commandPdu("07", { write: true, expectedLength: length, data: [list] }));
    return script.received.at(-1);
  };
  const one = Buffer.from("0000000400000001", "hex");
  expect(await reassign(one)).toMatchObject({ status: 0, residual: 0, overflow: false });
});

describe("task management", () => {
  test("an aborted running task is answered only after it is dead, the task itself never", async () => {
    const { script } = await loggedIn({ automatic: false });
    await script.send(commandPdu(READ_ONE, { read: true, expectedLength: 512, itt: 5 }));
    const [task] = tasksOf(script.effects);
    await script.send(management({ referencedItt: 5 }));
    expect(script.received).toEqual([]);
    const manage = script.effects.find((effect) => effect.kind === "manage");
    expect(manage?.management.tasks).toEqual([task]);
    await script.execute(task!);
    expect(script.received).toEqual([]);
    script.perform(script.connection.managed(manage!.management));
    expect(script.received).toMatchObject([
      { kind: "taskManagementResponse", itt: 99, response: 0, expCmdSn: 2, maxCmdSn: 129 },
    ]);
  });

  test("a task that still collects its data dies at once, late data is dropped", async () => {
    const { script, run } = await loggedIn();
    await script.send(commandPdu(WRITE_ONE, { write: true, expectedLength: 512, itt: 5 }));
    await script.send(management({ function: TASK_FUNCTION.abortTaskSet }));
    await script.send(dataOutPdu({ itt: 5, data: [Buffer.alloc(512, 7)] }));
    expect(script.received.map(({ kind }) => kind)).toEqual(["r2t", "taskManagementResponse"]);
    expect((await run(READ_ONE)).data.equals(Buffer.alloc(512))).toBe(true);
  });

  test("a command that is aborted before it came is never executed", async () => {
    const { script } = await loggedIn();
    await script.send(management({ referencedItt: 5, refCmdSn: 1, cmdSn: 2 }));
    await script.send(commandPdu(READ_ONE, { read: true, expectedLength: 512, itt: 5, cmdSn: 1 }));
    expect(script.received).toMatchObject([
      { kind: "taskManagementResponse", response: 0, expCmdSn: 2 },
    ]);
  });

  test("an abort cannot lose a command whose number comes after its own", async () => {
    const { script } = await loggedIn();
    await script.send(management({ referencedItt: 5, refCmdSn: 1, cmdSn: 1 }));
    await script.send(commandPdu(READ_ONE, { read: true, expectedLength: 512, itt: 5, cmdSn: 1 }));
    expect(script.received).toMatchObject([
      { kind: "taskManagementResponse", response: 1, expCmdSn: 1 },
      { kind: "dataIn", itt: 5 },
    ]);
  });

  test("a reset asks for the tasks of other sessions too", async () => {
    const { script } = await loggedIn({ automatic: false });
    await script.send(management({ function: TASK_FUNCTION.logicalUnitReset }));
    await script.send(management({ function: TASK_FUNCTION.targetWarmReset }));
    expect(
      script.effects.map((effect) => effect.kind === "manage" && effect.management.reset),
    ).toEqual([{ lun: 0 }, { lun: undefined }]);
  });
});

describe("limits", () => {
  test("a full window is closed; each answer opens it by one", async () => {
    const { script } = await loggedIn({ automatic: false });
    for (let cmdSn = 1; cmdSn <= COMMAND_WINDOW + 5; cmdSn += 1) {
      await script.send(
        commandPdu(READ_ONE, { read: true, expectedLength: 512, cmdSn, itt: cmdSn }),
      );
    }
    const tasks = tasksOf(script.effects);
    expect(tasks).toHaveLength(COMMAND_WINDOW);
    await script.execute(tasks[0]!);
    const { expCmdSn, maxCmdSn } = script.received[0] as { expCmdSn: number; maxCmdSn: number };
    expect([expCmdSn, maxCmdSn]).toEqual([COMMAND_WINDOW + 1, COMMAND_WINDOW + 1]);
  });

  test("numbered PDUs that become no task do not use the window up", async () => {
    const { script } = await loggedIn();
    const ping = { kind: "nopOut", immediate: false, lun: 0, ttt: TAG_NONE, data: [] } as const;
    for (let cmdSn = 1; cmdSn <= 2 * COMMAND_WINDOW; cmdSn += 1) {
      await script.send({ ...ping, itt: cmdSn, cmdSn, expStatSn: 0 });
    }
    expect(script.received).toHaveLength(2 * COMMAND_WINDOW);
    const { expCmdSn, maxCmdSn } = script.received.at(-1) as { expCmdSn: number; maxCmdSn: number };
    expect(maxCmdSn - expCmdSn + 1).toBe(COMMAND_WINDOW);
  });

  test("a read counts by what it reads, not by what the initiator takes of it", async () => {
    const { script } = await loggedIn({ automatic: false });
    const eightMib = "88 00 00 00 00 00 00 00 00 00 00 00 40 00";
    for (let cmdSn = 1; cmdSn <= 6; cmdSn += 1) {
      const fields = { read: true, expectedLength: 512, cmdSn, itt: cmdSn };
      await script.send(commandPdu(eightMib, fields));
    }
    expect(tasksOf(script.effects).map(({ itt }) => itt)).toEqual([1, 2, 3, 4]);
  });

  test("one text request does not ask for the targets more than once", async () => {
    const { script } = await loggedIn();
    const data = [Buffer.from("SendTargets=All\0SendTargets=All\0")];
    const request = {
      kind: "textRequest",
      immediate: true,
      final: true,
      continued: false,
    } as const;
    await script.send({ ...request, lun: 0, itt: 7, ttt: TAG_NONE, cmdSn: 1, expStatSn: 0, data });
    expect(script.received).toMatchObject([{ kind: "reject", reason: 4 }]);
  });

  test("a text request that was broken off does not stick to the next one", async () => {
    const { script } = await loggedIn();
    const request = { kind: "textRequest", immediate: true, lun: 0, ttt: TAG_NONE } as const;
    const serials = { cmdSn: 1, expStatSn: 0 };
    const [broken, whole] = [[Buffer.from("SendTar")], [Buffer.from("SendTargets=\0")]];
    const continued = { final: false, continued: true, itt: 7, data: broken };
    await script.send({ ...request, ...serials, ...continued });
    const complete = { final: true, continued: false, itt: 8, data: whole };
    await script.send({ ...request, ...serials, ...complete });
    const answer = script.received.at(-1) as { data: readonly Buffer[] };
    expect(Buffer.concat(answer.data).toString()).toContain(`TargetName=${TARGET}`);
  });

  test("payload beyond the memory of a session waits its turn", async () => {
    const { script } = await loggedIn({ automatic: false });
    const eightMib = "88 00 00 00 00 00 00 00 00 00 00 00 40 00";
    const fields = { read: true, expectedLength: 8 * MIB };
    for (let cmdSn = 1; cmdSn <= 6; cmdSn += 1) {
      await script.send(commandPdu(eightMib, { ...fields, cmdSn, itt: cmdSn }));
    }
    const first = tasksOf(script.effects);
    expect(first.map(({ itt }) => itt)).toEqual([1, 2, 3, 4]);
    await script.execute(first[0]!);
    expect(tasksOf(script.effects).map(({ itt }) => itt)).toEqual([1, 2, 3, 4, 5]);
  });

  test("while held nothing new begins, pings are answered", async () => {
    const { script } = await loggedIn();
    script.perform(script.connection.hold(true));
    await script.send(commandPdu(READ_ONE, { read: true, expectedLength: 512 }));
    await script.send({
      kind: "nopOut",
      immediate: true,
      lun: 0,
      itt: 7,
      ttt: TAG_NONE,
      cmdSn: 2,
      expStatSn: 0,
      data: [],
    });
    expect(script.received.map(({ kind }) => kind)).toEqual(["nopIn"]);
    script.perform(script.connection.hold(false));
    await script.send();
    expect(script.received.map(({ kind }) => kind)).toEqual(["nopIn", "dataIn"]);
  });
});

describe("life and death", () => {
  test("a silent initiator is pinged, then given up; any byte is a sign of life", async () => {
    const { script } = await loggedIn();
    const tick = (count: number): void => {
      for (let index = 0; index < count; index += 1) script.perform(script.connection.tick(0));
    };
    tick(5);
    expect(script.received).toMatchObject([{ kind: "nopIn", itt: TAG_NONE, ttt: 1 }]);
    await script.send(commandPdu("00", {}));
    tick(14);
    expect(script.closed).toBeUndefined();
    tick(1);
    expect(script.closed).toBe("pingTimeout");
  });

  test("an initiator that is held is not taken for dead while it drains", async () => {
    const { script } = await loggedIn();
    const tick = (count: number): void => {
      for (let index = 0; index < count; index += 1) script.perform(script.connection.tick(0));
    };
    script.perform(script.connection.hold(true));
    tick(59);
    expect(script.closed).toBeUndefined();
    script.perform(script.connection.hold(false));
    tick(14);
    expect(script.closed).toBeUndefined();
    script.perform(script.connection.hold(true));
    tick(60);
    expect(script.closed).toBe("pingTimeout");
  });

  test("a compare-and-write of unknown fate drops the connection; other trouble is BUSY", async () => {
    const { script, device } = await loggedIn();
    device.failure = new SystemError("chunk/unavailable", "no replica answers");
    await script.send(commandPdu(READ_ONE, { read: true, expectedLength: 512 }));
    expect(script.received).toMatchObject([{ kind: "scsiResponse", status: 8 }]);
    device.failure = new SystemError("operation/timeout", "fate unknown");
    const compareAndWrite = "89 00 00 00 00 00 00 00 00 00 00 00 00 01";
    const data = [Buffer.alloc(1024)];
    await script.send(commandPdu(compareAndWrite, { write: true, data, cmdSn: 2 }));
    expect(script.received).toHaveLength(1);
    expect(script.closed).toBe("fateUnknown");
  });

  test("a login that never ends is given up", () => {
    const script = new ConnectionScript({ targets: new Map() });
    script.perform(script.connection.tick(15_000));
    expect(script.closed).toBeUndefined();
    script.perform(script.connection.tick(15_001));
    expect(script.closed).toBe("loginTimeout");
  });

  test("digests hold from the first PDU after login; a broken one ends the connection", async () => {
    const offers: [string, string][] = [
      ["HeaderDigest", "CRC32C"],
      ["DataDigest", "CRC32C"],
    ];
    const { script, run } = await loggedIn({ offers });
    const data = [Buffer.alloc(512, 7)];
    await script.send(commandPdu(WRITE_ONE, { write: true, data }));
    expect(script.received).toMatchObject([{ kind: "scsiResponse", status: 0 }]);
    expect((await run(READ_ONE)).data[0]).toBe(7);
    const out: Buffer[] = [];
    encodeInitiatorPdu(
      commandPdu(WRITE_ONE, { write: true, cmdSn: 2, data }),
      { header: true, data: true },
      out,
    );
    const bytes = Buffer.concat(out);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    script.perform(script.connection.receive(bytes));
    expect(script.closed).toBe("dataDigest");
  });

  test("no PDUs make it throw, in the login or after", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryInitiatorPdu), fc.boolean(), async (pdus, early) => {
        const { script } = early
          ? { script: new ConnectionScript({ targets: new Map() }) }
          : await loggedIn();
        for (const pdu of pdus) await script.send(pdu);
      }),
      { numRuns: soaked(200) },
    );
  });

  test("a mutated session of a real initiator makes nothing throw", async () => {
    const commands = [WRITE_ONE, READ_ONE, "12 01 83 00 ff", "a0 00 00 00 00 00 00 00 01 00"];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...commands), fc.nat(5), fc.nat(2000), fc.boolean())),
        async (steps) => {
          const { script } = await loggedIn();
          for (const [index, [cdb, itt, expectedLength, write]] of steps.entries()) {
            const cmdSn = index + 1;
            await script.send(commandPdu(cdb, { read: !write, write, itt, expectedLength, cmdSn }));
            await script.send(dataOutPdu({ itt, ttt: itt, data: [Buffer.alloc(expectedLength)] }));
          }
        },
      ),
      { numRuns: soaked(100) },
    );
  });
});
