// Golden transcripts: what an initiator sends (>) and is answered (<). A changed line is a changed
// protocol; look twice before taking it over with `vitest -u`.
import type { ScsiTarget } from "@ashlar/scsi";
import { openTarget } from "@ashlar/scsi/testing";
import { expect, test } from "vitest";
import type { TargetLookup } from "./directory.ts";
import { STAGE, TAG_NONE, TASK_FUNCTION } from "./opcode.ts";
import {
  ConnectionScript,
  commandPdu,
  dataOutPdu,
  loginTo,
  type ScriptOptions,
} from "./testing/transcript.ts";
import { formatText, type TextPair } from "./text.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";

function openScript(options: Omit<ScriptOptions, "targets"> = {}) {
  const { target, device } = openTarget();
  const targets = new Map<string, ScsiTarget>([[TARGET, target]]);
  return { script: new ConnectionScript({ targets, ...options }), target, device };
}

const golden = (script: ConnectionScript, name: string): Promise<void> =>
  expect(script.transcript).toMatchFileSnapshot(`testdata/${name}.txt`);

/** What Windows offers. */
const WINDOWS_OFFERS: readonly TextPair[] = [
  ["HeaderDigest", "None,CRC32C"],
  ["DataDigest", "None,CRC32C"],
  ["MaxConnections", "32"],
  ["InitialR2T", "No"],
  ["ImmediateData", "Yes"],
  ["MaxRecvDataSegmentLength", "65536"],
  ["MaxBurstLength", "262144"],
  ["FirstBurstLength", "65536"],
  ["DefaultTime2Wait", "0"],
  ["DefaultTime2Retain", "60"],
  ["MaxOutstandingR2T", "16"],
  ["DataPDUInOrder", "Yes"],
  ["DataSequenceInOrder", "Yes"],
  ["ErrorRecoveryLevel", "2"],
  ["X-com.example.key", "1"],
];

const login = (fields: object) => ({ ...loginTo(TARGET), ...fields }) as ReturnType<typeof loginTo>;

test("a login in two stages, as Windows does it", async () => {
  const { script } = openScript();
  await script.send(
    login({
      csg: STAGE.security,
      nsg: STAGE.operational,
      data: formatText([
        ["InitiatorName", "iqn.1991-05.com.microsoft:host"],
        ["SessionType", "Normal"],
        ["TargetName", TARGET],
        ["AuthMethod", "CHAP,None"],
      ]),
    }),
  );
  await script.send(login({ data: formatText(WINDOWS_OFFERS) }));
  await golden(script, "login-windows");
});

test("discovery lists targets, then logs out", async () => {
  const { script } = openScript();
  await script.send(loginTo(undefined, [["MaxConnections", "1"]]));
  const serials = { immediate: false, expStatSn: 0, lun: 0, ttt: TAG_NONE };
  await script.send({
    kind: "textRequest",
    ...serials,
    final: true,
    continued: false,
    itt: 2,
    cmdSn: 1,
    data: formatText([["SendTargets", "All"]]),
  });
  await script.send(commandPdu("12 00 00 00 60", { cmdSn: 2, itt: 3 }));
  await script.send({
    kind: "logoutRequest",
    immediate: true,
    reason: 0,
    itt: 4,
    cid: 0,
    cmdSn: 3,
    expStatSn: 0,
  });
  await golden(script, "discovery");
});

test("logins that are refused, and why", async () => {
  const attempts: [note: string, pdu: ReturnType<typeof loginTo>, lookup?: TargetLookup][] = [
    ["no initiator name", login({ data: formatText([["SessionType", "Normal"]]) })],
    ["unknown target", loginTo(`${TARGET}x`)],
    ["a portal that cannot tell yet", loginTo(TARGET), { kind: "unavailable" }],
    ["an initiator that may not", loginTo(TARGET), { kind: "forbidden" }],
    ["only CHAP offered", loginTo(TARGET, [["AuthMethod", "CHAP"]])],
    ["a session that does not exist", login({ tsih: 7 })],
    ["a version of the future", login({ versionMin: 1 })],
    [
      "a session type nobody knows",
      login({
        data: formatText([
          ["InitiatorName", "iqn.2026-11.test:a"],
          ["SessionType", "Other"],
        ]),
      }),
    ],
    ["backwards", login({ csg: STAGE.operational, nsg: STAGE.security })],
  ];
  const lines: string[] = [];
  for (const [note, pdu, lookup] of attempts) {
    const { script } = openScript(lookup && { lookup });
    script.note(note);
    await script.send(pdu);
    expect(script.closed).toBe("loginRefused");
    lines.push(...script.lines);
  }
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("testdata/login-refused.txt");
});

const logout = (cmdSn: number) =>
  ({
    kind: "logoutRequest",
    immediate: true,
    reason: 0,
    itt: 9,
    cid: 0,
    cmdSn,
    expStatSn: 0,
  }) as const;

test("a logout that is asked for: work goes on until the initiator follows", async () => {
  const { script } = openScript();
  script.perform(script.connection.requestLogout(5));
  expect(script.lines, "nothing is said of it in a login").toEqual([]);
  await script.send(loginTo(TARGET));
  script.perform(script.connection.requestLogout(5));
  await script.send(commandPdu("00 00 00 00 00 00", { cmdSn: 1, itt: 2 }));
  await script.send(logout(2));
  await golden(script, "logout-requested");
});

test("a session that is dropped, and says so", async () => {
  const { script } = openScript({ automatic: false });
  const early = openScript().script;
  early.perform(early.connection.end({ told: true }).effects);
  expect(early.lines).toEqual(["closed: sessionEnded"]);
  await script.send(loginTo(TARGET));
  script.perform(script.connection.targetFound(script.find({ targetName: TARGET })));
  script.perform(script.connection.sessionOpened(1));
  await script.send(commandPdu("00 00 00 00 00 00", { cmdSn: 1, itt: 2 }));
  const { effects, running } = script.connection.end({ told: true });
  script.perform(effects);
  expect(running).toHaveLength(1);
  await golden(script, "session-dropped");
});

test("reads and writes: immediate data, R2T, Data-In in pieces, residuals, sense", async () => {
  const { script } = openScript();
  await script.send(
    loginTo(TARGET, [
      ["MaxRecvDataSegmentLength", "512"],
      ["MaxBurstLength", "1024"],
      ["FirstBurstLength", "512"],
    ]),
  );
  script.note("a write of four blocks: one immediate, then bursts of two");
  const block = (byte: number, blocks = 1): Buffer[] => [Buffer.alloc(512 * blocks, byte)];
  await script.send(
    commandPdu("2a 00 00 00 00 00 00 00 04", {
      write: true,
      expectedLength: 2048,
      data: block(1),
    }),
  );
  await script.send(
    dataOutPdu({ bufferOffset: 512, data: block(2), final: false }),
    dataOutPdu({ bufferOffset: 1024, dataSn: 1, data: block(3) }),
  );
  await script.send(dataOutPdu({ ttt: 2, bufferOffset: 1536, data: block(4) }));
  script.note("read it back in pieces of 512, bursts of 1024, status in the last");
  await script.send(
    commandPdu("28 00 00 00 00 00 00 00 04", {
      read: true,
      itt: 17,
      cmdSn: 2,
      expectedLength: 2048,
    }),
  );
  script.note("more expected than there is, then less");
  await script.send(
    commandPdu("28 00 00 00 00 00 00 00 01", {
      read: true,
      itt: 18,
      cmdSn: 3,
      expectedLength: 999,
    }),
    commandPdu("28 00 00 00 00 00 00 00 02", {
      read: true,
      itt: 19,
      cmdSn: 4,
      expectedLength: 512,
    }),
  );
  script.note("out of range");
  await script.send(
    commandPdu("28 00 ff 00 00 00 00 00 01", {
      read: true,
      itt: 20,
      cmdSn: 5,
      expectedLength: 512,
    }),
  );
  script.note("a ping with data");
  await script.send({
    kind: "nopOut",
    immediate: true,
    lun: 0,
    itt: 21,
    ttt: TAG_NONE,
    cmdSn: 6,
    expStatSn: 0,
    data: [Buffer.from("are you there")],
  });
  await golden(script, "reads-and-writes");
});

test("resets, aborts of unknown tasks, unit attentions, unknown opcodes", async () => {
  const { script, target } = openScript();
  await script.send(loginTo(TARGET));
  const session = script.connection.session;
  if (session) target.establishNexus(session.nexus, { reinstated: true });
  script.note("the attention of a reinstated nexus");
  await script.send(commandPdu("00", { itt: 2 }));
  const request = { kind: "taskManagementRequest", immediate: true, lun: 0, expStatSn: 0 } as const;
  const rest = { referencedItt: TAG_NONE, cmdSn: 2, refCmdSn: 0, expDataSn: 0 };
  script.note("a reset of the unit, of a unit that is not there; an abort of nothing; reassign");
  await script.send(
    { ...request, ...rest, function: TASK_FUNCTION.logicalUnitReset, itt: 3 },
    { ...request, ...rest, function: TASK_FUNCTION.logicalUnitReset, lun: 9, itt: 4 },
    { ...request, ...rest, function: TASK_FUNCTION.abortTask, itt: 5 },
    { ...request, ...rest, function: TASK_FUNCTION.taskReassign, itt: 6 },
  );
  target.reset(0);
  await script.send(commandPdu("00", { itt: 7, cmdSn: 2 }));
  script.note("a SNACK, which ERL 0 does not know");
  const snack = Buffer.alloc(48);
  snack[0] = 0x10;
  script.perform(script.connection.receive(snack));
  await golden(script, "management");
});
