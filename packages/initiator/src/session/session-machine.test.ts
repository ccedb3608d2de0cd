import { KIB } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import {
  ASYNC_EVENT,
  type InitiatorPdu,
  TAG_NONE,
  TASK_FUNCTION,
  TASK_RESPONSE,
} from "@ashlar/iscsi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as cdb from "../scsi/cdb.ts";
import type { ScsiCommand } from "../scsi/command.ts";
import { type Reply, ScriptedTarget } from "../testing/scripted-target.ts";

const broken = (rule: RegExp): object => ({ kind: "broken", rule: expect.stringMatching(rule) });
const pattern = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));

function begin(target: ScriptedTarget, command: Partial<ScsiCommand> = {}): number {
  const { tag, effects } = target.machine.execute({ lun: 0, cdb: cdb.testUnitReady(), ...command });
  target.take(effects);
  return tag;
}

const response = (
  itt: number,
  fields: Partial<Extract<Reply, { kind: "scsiResponse" }>> = {},
): Reply => ({
  kind: "scsiResponse",
  overflow: false,
  underflow: false,
  response: 0,
  status: 0,
  itt,
  expDataSn: 0,
  residual: 0,
  data: [],
  ...fields,
});

const dataIn = (
  itt: number,
  data: Buffer,
  fields: Partial<Extract<Reply, { kind: "dataIn" }>> = {},
): Reply => ({
  kind: "dataIn",
  final: true,
  acknowledge: false,
  overflow: false,
  underflow: false,
  hasStatus: false,
  status: 0,
  lun: 0,
  itt,
  ttt: TAG_NONE,
  dataSn: 0,
  bufferOffset: 0,
  residual: 0,
  data: [data],
  ...fields,
});

const r2t = (itt: number, fields: Partial<Extract<Reply, { kind: "r2t" }>>): Reply => ({
  kind: "r2t",
  lun: 0,
  itt,
  ttt: 5,
  r2tSn: 0,
  bufferOffset: 0,
  desiredLength: 0,
  ...fields,
});

describe("a command", () => {
  it("ends with its status and sense", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target);
    expect(target.only("scsiCommand")).toMatchObject({ itt: tag, cmdSn: 1, final: true });
    const sense = Buffer.alloc(20);
    sense.writeUInt16BE(18, 0);
    sense.writeUInt8(0x70, 2);
    sense.writeUInt8(0x06, 4);
    sense.writeUInt8(0x29, 14);
    target.reply(response(tag, { status: 2, data: [sense] }));
    expect(target.effects).toEqual([
      {
        kind: "completed",
        tag,
        result: {
          status: 2,
          dataIn: [],
          residual: { kind: "none" },
          sense: { key: 6, asc: 0x29, ascq: 0 },
        },
      },
    ]);
  });

  it("reads: several Data-In, status in the last", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target, { dataInLength: 300 });
    expect(target.only("scsiCommand")).toMatchObject({ read: true, expectedLength: 300 });
    const data = pattern(200);
    target.reply(dataIn(tag, data.subarray(0, 120), { final: false }), { consumes: false });
    const last = { dataSn: 1, bufferOffset: 120, hasStatus: true, underflow: true, residual: 100 };
    target.reply(dataIn(tag, data.subarray(120), last));
    const [effect] = target.effects;
    expect(effect).toMatchObject({ result: { residual: { kind: "underflow", bytes: 100 } } });
    const parts = effect?.kind === "completed" ? effect.result.dataIn : [];
    expect(Buffer.concat(parts).equals(data)).toBe(true);
  });

  it.each([
    ["a DataSN left out", { dataSn: 1 }, /DataSN is 1, not 0/],
    ["a gap", { bufferOffset: 64 }, /at 64, expected at 0/],
    ["too much", { data: [Buffer.alloc(400)] }, /beyond the expected 300/],
    ["too little without a residual", { hasStatus: true }, /200 bytes of data are missing/],
  ])("refuses Data-In with %s", (_what, fields, rule) => {
    const target = new ScriptedTarget().login();
    const tag = begin(target, { dataInLength: 300 });
    target.reply(dataIn(tag, Buffer.alloc(100), fields), { consumes: false });
    expect(target.effects).toEqual([broken(rule)]);
  });

  it("writes: immediate data, then what each R2T asks for, in segments the target takes", () => {
    const target = new ScriptedTarget().login();
    const data = pattern(40 * KIB);
    const tag = begin(target, { dataOut: [data.subarray(0, 1000), data.subarray(1000)] });
    const command = target.only("scsiCommand");
    expect(command).toMatchObject({ write: true, final: true, expectedLength: 40 * KIB });
    const parts: Buffer[] = [...command.data];
    for (const [r2tSn, bufferOffset] of [8 * KIB, 24 * KIB].entries()) {
      const ask = { r2tSn, bufferOffset, desiredLength: 16 * KIB, ttt: 70 + r2tSn };
      target.reply(r2t(tag, ask), { consumes: false });
      const pdus = target.sent() as Extract<InitiatorPdu, { kind: "dataOut" }>[];
      expect(pdus.map(({ dataSn, final, ttt }) => [dataSn, final, ttt])).toEqual([
        [0, false, 70 + r2tSn],
        [1, true, 70 + r2tSn],
      ]);
      parts.push(...pdus.flatMap((pdu) => pdu.data));
    }
    expect(Buffer.concat(parts).equals(data)).toBe(true);
    target.reply(response(tag));
    expect(target.effects).toMatchObject([{ kind: "completed", tag }]);
  });

  it("writes unsolicited data up to the first burst where the target needs no R2T", () => {
    const offer = { initialR2t: false, firstBurstLength: 16 * KIB };
    const target = new ScriptedTarget({ offer }).login([
      ["InitialR2T", "No"],
      ["FirstBurstLength", "16384"],
    ]);
    begin(target, { dataOut: [pattern(20 * KIB)] });
    const [command, dataOut, ...rest] = target.sent();
    expect(command).toMatchObject({ kind: "scsiCommand", final: false });
    expect(dataOut).toMatchObject({
      kind: "dataOut",
      ttt: TAG_NONE,
      bufferOffset: 8 * KIB,
      final: true,
    });
    expect(rest).toEqual([]);
  });

  it.each([
    ["out of turn", { r2tSn: 1, bufferOffset: 8192, desiredLength: 512 }, /R2TSN is 1, not 0/],
    ["with a gap", { bufferOffset: 9000, desiredLength: 512 }, /next byte is 8192/],
    ["beyond the end", { bufferOffset: 8192, desiredLength: 16384 }, /8192\+16384/],
    ["longer than a burst", { bufferOffset: 8192, desiredLength: 20000 }, /MaxBurstLength/],
    ["without a tag", { bufferOffset: 8192, desiredLength: 512, ttt: TAG_NONE }, /no target tran/],
  ])("refuses an R2T %s", (_what, fields, rule) => {
    const target = new ScriptedTarget().login();
    const tag = begin(target, { dataOut: [pattern(16 * KIB)] });
    target.reply(r2t(tag, fields), { consumes: false });
    expect(target.effects).toEqual([broken(rule)]);
  });

  it("waits for the window, and goes when any PDU opens it", () => {
    const target = new ScriptedTarget();
    target.window = 1;
    target.login();
    const tags = [begin(target), begin(target)];
    expect(target.only("scsiCommand").itt).toBe(tags[0]);
    const ping = { lun: 0, itt: TAG_NONE, ttt: TAG_NONE, data: [] };
    target.expCmdSn = 1;
    target.reply({ kind: "nopIn", ...ping }, { consumes: false });
    expect(target.sent()).toEqual([]);
    target.expCmdSn = 2;
    target.reply({ kind: "nopIn", ...ping }, { consumes: false });
    expect(target.only("scsiCommand")).toMatchObject({ itt: tags[1], cmdSn: 2 });
  });

  it("is not sent into a window that a stale PDU claims", () => {
    const target = new ScriptedTarget();
    target.window = 1;
    target.login();
    begin(target);
    begin(target);
    target.sent();
    const stale = { expCmdSn: 50, maxCmdSn: 40, lun: 0, itt: TAG_NONE, ttt: TAG_NONE, data: [] };
    target.reply({ kind: "nopIn", ...stale }, { consumes: false });
    expect(target.sent()).toEqual([]);
  });

  it("fails alone when the target rejects it", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target);
    const header = Buffer.alloc(48);
    header.writeUInt32BE(tag, 16);
    target.reply({ kind: "reject", reason: 9, dataSn: 0, data: [header] });
    expect(target.effects).toMatchObject([
      { kind: "failed", tag, error: { code: "operation/aborted" } },
    ]);
    header.writeUInt32BE(999, 16);
    target.reply({ kind: "reject", reason: 4, dataSn: 0, data: [header] });
    expect(target.effects[1]).toEqual(broken(/rejected a PDU \(reason 4\)/));
  });

  it("breaks the session when a status comes out of turn", () => {
    const target = new ScriptedTarget().login();
    target.reply(response(begin(target), { statSn: 7 }));
    expect(target.effects).toEqual([broken(/StatSN 7, expected 102/)]);
  });
});

describe("task management", () => {
  it("aborts what waits for the window on the spot", () => {
    const target = new ScriptedTarget();
    target.window = 1;
    target.login();
    begin(target);
    const waiting = begin(target);
    target.sent();
    target.take(target.machine.abort(waiting).effects);
    expect(target.sent()).toEqual([]);
    expect(target.effects).toMatchObject([{ kind: "failed", tag: waiting }]);
  });

  it("aborts what was sent by ABORT TASK, and swallows what still comes for it", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target, { dataInLength: 512 });
    target.sent();
    const { tag: managed, effects } = target.machine.abort(tag);
    target.take(effects);
    expect(target.only("taskManagementRequest")).toMatchObject({
      function: TASK_FUNCTION.abortTask,
      referencedItt: tag,
      refCmdSn: 1,
      immediate: true,
    });
    const complete = TASK_RESPONSE.complete;
    target.reply({ kind: "taskManagementResponse", response: complete, itt: managed });
    expect(target.effects).toMatchObject([
      { kind: "failed", tag },
      { kind: "taskManaged", tag: managed, response: 0 },
    ]);
    target.reply(dataIn(tag, Buffer.alloc(512)), { consumes: false });
    expect(target.effects).toHaveLength(2);
  });

  it("lets a command end that was done before its abort", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target);
    const { tag: managed, effects } = target.machine.abort(tag);
    target.take(effects);
    target.reply(response(tag));
    const gone = TASK_RESPONSE.taskDoesNotExist;
    target.reply({ kind: "taskManagementResponse", response: gone, itt: managed });
    expect(target.effects).toMatchObject([{ kind: "completed", tag }, { kind: "taskManaged" }]);
  });

  it("ends a command that the target does not know any more: another host pre-empted this one", () => {
    const target = new ScriptedTarget().login();
    const tag = begin(target);
    const { tag: managed, effects } = target.machine.abort(tag);
    target.take(effects);
    const gone = TASK_RESPONSE.taskDoesNotExist;
    target.reply({ kind: "taskManagementResponse", response: gone, itt: managed });
    expect(target.effects).toMatchObject([{ kind: "failed", tag }, { kind: "taskManaged" }]);
  });

  it("resets a logical unit: its commands end, those of others and later ones go on", () => {
    const target = new ScriptedTarget().login();
    const [mine, other] = [begin(target, { lun: 1 }), begin(target, { lun: 2 })];
    const reset = { function: TASK_FUNCTION.logicalUnitReset, lun: 1 };
    const { tag: managed, effects } = target.machine.manage(reset);
    target.take(effects);
    const later = begin(target, { lun: 1 });
    target.reply({ kind: "taskManagementResponse", response: 0, itt: managed });
    target.reply(response(other));
    target.reply(response(later));
    expect(target.effects.map((effect) => [effect.kind, "tag" in effect && effect.tag])).toEqual([
      ["failed", mine],
      ["taskManaged", managed],
      ["completed", other],
      ["completed", later],
    ]);
  });
});

describe("the session", () => {
  it("answers the target's pings with their data", () => {
    const target = new ScriptedTarget().login();
    const data = [Buffer.from("hello")];
    target.reply({ kind: "nopIn", lun: 3, itt: TAG_NONE, ttt: 44, data }, { consumes: false });
    expect(target.only("nopOut")).toMatchObject({ lun: 3, itt: TAG_NONE, ttt: 44, data });
  });

  it("pings, and knows an answer nobody asked for", () => {
    const target = new ScriptedTarget().login();
    const { tag, effects } = target.machine.ping();
    target.take(effects);
    expect(target.only("nopOut")).toMatchObject({ itt: tag, ttt: TAG_NONE, immediate: true });
    const pong = { kind: "nopIn", lun: 0, itt: tag, ttt: TAG_NONE, data: [] } as const;
    target.reply(pong);
    target.reply(pong);
    expect(target.effects).toEqual([{ kind: "pong", tag }, broken(/answers no NOP-Out/)]);
  });

  it("collects a text answer over several PDUs", () => {
    const target = new ScriptedTarget({ discovery: true }).login();
    const { tag, effects } = target.machine.negotiate([["SendTargets", "All"]]);
    target.take(effects);
    expect(target.only("textRequest")).toMatchObject({ itt: tag, ttt: TAG_NONE, final: true });
    const part = { kind: "textResponse", lun: 0, itt: tag } as const;
    const first = [Buffer.from("TargetName=iqn.a\0Target")];
    target.reply({ ...part, final: false, continued: true, ttt: 9, data: first });
    expect(target.only("textRequest")).toMatchObject({ itt: tag, ttt: 9, data: [] });
    const last = [Buffer.from("Address=1.2.3.4,1\0")];
    target.reply({ ...part, final: true, continued: false, ttt: TAG_NONE, data: last });
    const pairs = [
      ["TargetName", "iqn.a"],
      ["TargetAddress", "1.2.3.4,1"],
    ];
    expect(target.effects).toEqual([{ kind: "text", tag, pairs }]);
  });

  it("tells of a logout the target asks for, and ends when the target drops it", () => {
    const target = new ScriptedTarget().login();
    const message = {
      kind: "asyncMessage",
      lun: 0,
      vendorCode: 0,
      parameter1: 0,
      parameter2: 0,
      parameter3: 10,
      data: [],
    } as const;
    target.reply({ ...message, event: ASYNC_EVENT.logoutRequested });
    target.reply({ ...message, event: ASYNC_EVENT.sessionDropped });
    expect(target.effects).toEqual([
      { kind: "logoutRequested", withinSeconds: 10 },
      broken(/drops the session/),
    ]);
  });

  it("logs out, and is of no use afterwards", () => {
    const target = new ScriptedTarget().login();
    target.take(target.machine.logout());
    const { itt } = target.only("logoutRequest");
    const times = { time2Wait: 0, time2Retain: 0 };
    target.reply({ kind: "logoutResponse", response: 0, itt, ...times });
    expect(target.effects).toEqual([{ kind: "loggedOut", response: 0 }]);
    expect(() => begin(target)).toThrow(/not in full feature phase/);
  });

  it("takes any bytes without an exception", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 48, maxLength: 600 }),
        fc.boolean(),
        (bytes, early) => {
          const target = new ScriptedTarget();
          if (early) target.take(target.machine.start());
          else begin(target.login(), { dataInLength: 512 });
          target.take(target.machine.receive(Buffer.from(bytes)));
          expect(target.effects.filter(({ kind }) => kind === "broken").length).toBeLessThan(2);
        },
      ),
      { numRuns: soaked(300) },
    );
  });
});
