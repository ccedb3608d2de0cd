import { parseText } from "@ashlar/iscsi";
import { describe, expect, it } from "vitest";
import { ScriptedTarget } from "../testing/scripted-target.ts";

const broken = (rule: RegExp): object => ({ kind: "broken", rule: expect.stringMatching(rule) });

describe("login", () => {
  it("goes through the security and the operational stage", () => {
    const target = new ScriptedTarget();
    target.take(target.machine.start());
    const first = target.only("loginRequest");
    expect(first).toMatchObject({ csg: 0, nsg: 1, transit: true, tsih: 0, cid: 0 });
    expect(parseText(first.data)).toEqual([
      ["InitiatorName", "iqn.2026-11.io.ashlar.test:initiator"],
      ["SessionType", "Normal"],
      ["TargetName", "iqn.2026-11.io.ashlar.test:target"],
      ["AuthMethod", "None"],
    ]);
    target.replyLogin([["AuthMethod", "None"]]);
    const second = target.only("loginRequest");
    expect(second).toMatchObject({ csg: 1, nsg: 3, transit: true, expStatSn: 101 });
    expect(new Map(parseText(second.data)).get("ErrorRecoveryLevel")).toBe("0");
    target.replyLogin([["FirstBurstLength", "4096"]], { csg: 1, nsg: 3, tsih: 1 });
    expect(target.effects).toEqual([
      {
        kind: "loggedIn",
        parameters: expect.objectContaining({ firstBurstLength: 4096, targetDataSegmentMax: 8192 }),
      },
    ]);
  });

  it("asks again when the target does not move on, but not for ever", () => {
    const target = new ScriptedTarget();
    target.take(target.machine.start());
    for (let round = 0; round < 30; round++) target.replyLogin([], { transit: false, nsg: 0 });
    expect(target.effects).toEqual([broken(/more than 20 requests/)]);
  });

  it("joins an answer that the target continues over several PDUs", () => {
    const target = new ScriptedTarget();
    target.take(target.machine.start());
    target.replyLogin([["AuthMethod", "None"]]);
    const text = Buffer.from("InitialR2T=Yes\0MaxBurstLe");
    const part = { csg: 1, nsg: 0, transit: false, continued: true, data: [text] };
    target.replyLogin([], part);
    target.sent();
    const rest = [Buffer.from("ngth=512\0")];
    target.replyLogin([], { csg: 1, nsg: 3, tsih: 1, data: rest });
    expect(target.effects[0]).toMatchObject({ parameters: { maxBurstLength: 512 } });
  });

  it("reports a refusal with its redirection", () => {
    const target = new ScriptedTarget();
    target.take(target.machine.start());
    target.replyLogin([["TargetAddress", "10.0.0.1:3260"]], { status: 0x0101, transit: false });
    expect(target.effects).toEqual([
      { kind: "loginRefused", status: 0x0101, targetAddress: "10.0.0.1:3260" },
    ]);
  });

  it.each([
    ["another stage", [], { csg: 1, nsg: 3 }, /stage 1/],
    ["a jump to stage 2", [], { nsg: 2 }, /moves from 0 to 2/],
    ["broken text", [], { data: [Buffer.from("nonsense\0")] }, /not well formed/],
    ["full feature phase with TSIH 0", [], { nsg: 3 }, /TSIH 0/],
    ["CHAP, never offered", [["AuthMethod", "CHAP"]], { nsg: 3, tsih: 1 }, /AuthMethod=CHAP/],
    ["a digest, never offered", [["DataDigest", "CRC32C"]], { nsg: 3, tsih: 1 }, /key's rule/],
    ["a longer burst", [["MaxBurstLength", "999999"]], { nsg: 3, tsih: 1 }, /key's rule/],
    ["a number that is none", [["FirstBurstLength", "x"]], { nsg: 3, tsih: 1 }, /key's rule/],
  ] as const)("refuses %s", (_what, pairs, fields, rule) => {
    const target = new ScriptedTarget();
    target.take(target.machine.start());
    target.replyLogin(pairs, fields);
    expect(target.effects).toEqual([broken(rule)]);
  });
});
