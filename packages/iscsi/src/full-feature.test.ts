// What newer versions of libiscsi's suite check in the full-feature phase of a normal session: pings,
// SendTargets, REPORT LUNS of any allocation length.
import { MIB } from "@ashlar/core";
import type { ScsiTarget } from "@ashlar/scsi";
import { openTarget } from "@ashlar/scsi/testing";
import { describe, expect, test } from "vitest";
import { TAG_NONE } from "./opcode.ts";
import type { TargetPdu, UnknownPdu } from "./pdu.ts";
import { ConnectionScript, commandPdu, loginTo } from "./testing/transcript.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";
const OTHER = "iqn.2026-11.io.ashlar:00000000:other";

async function loggedIn() {
  const { target } = openTarget({ sizeBytes: MIB });
  const targets = new Map<string, ScsiTarget>([
    [TARGET, target],
    [OTHER, openTarget().target],
  ]);
  const script = new ConnectionScript({ targets });
  await script.send(loginTo(TARGET));
  script.perform(script.connection.targetFound(script.find({ targetName: TARGET })));
  script.perform(script.connection.sessionOpened(1));
  script.effects.length = 0;
  script.received.length = 0;
  return script;
}

const textOf = (pdu: TargetPdu | UnknownPdu | undefined): string =>
  pdu && "data" in pdu ? Buffer.concat([...pdu.data]).toString() : "";

describe("pings", () => {
  test.each([8, 0, 3, 4096])("of %s bytes come back with the same bytes", async (length) => {
    const script = await loggedIn();
    const data = length === 0 ? [] : [Buffer.alloc(length, "nopping\0")];
    const ping = { kind: "nopOut", lun: 0, itt: 5, ttt: TAG_NONE, data } as const;
    await script.send({ ...ping, immediate: true, cmdSn: 1, expStatSn: 0 });
    expect(script.received).toMatchObject([{ kind: "nopIn", itt: 5, ttt: TAG_NONE }]);
    expect(textOf(script.received[0])).toBe(Buffer.concat(data).toString());
  });
});

describe("text requests", () => {
  const ask = async (text: string): Promise<TargetPdu | UnknownPdu | undefined> => {
    const script = await loggedIn();
    const request = {
      kind: "textRequest",
      immediate: true,
      lun: 0,
      itt: 7,
      ttt: TAG_NONE,
    } as const;
    const serials = { cmdSn: 1, expStatSn: 0 };
    const whole = { final: true, continued: false, data: [Buffer.from(`${text}\0`)] };
    await script.send({ ...request, ...serials, ...whole });
    expect(script.closed).toBeUndefined();
    // The session goes on whatever was asked.
    await script.send(commandPdu("00", { cmdSn: 1 }));
    expect(script.received.at(-1)).toMatchObject({ kind: "scsiResponse", status: 0 });
    return script.received[0];
  };

  test.each(["SendTargets=All", "SendTargets=", `SendTargets=${TARGET}`])(
    "%s is answered with the session's own target and no other",
    async (text) => {
      const answer = await ask(text);
      expect(answer).toMatchObject({ kind: "textResponse", itt: 7, final: true });
      expect(textOf(answer)).toContain(`TargetName=${TARGET}\0`);
      expect(textOf(answer)).not.toContain(OTHER);
    },
  );

  test.each([
    ["SendTargetsPlease=All"],
    ["SendTargets=Alle"],
    ["SendTargets=A"],
    ["sENDtARGETS=aLL"],
    [`SendTargets=${OTHER}`],
  ])("%s is rejected", async (text) => {
    expect(await ask(text)).toMatchObject({ kind: "reject", reason: 4 });
  });

  test("what stands beside SendTargets and is not known is told so", async () => {
    const answer = textOf(await ask("X-com.example.key=1\0SendTargets=All"));
    expect(answer).toContain("X-com.example.key=NotUnderstood\0");
    expect(answer).toContain(`TargetName=${TARGET}\0`);
  });
});

test("REPORT LUNS of any allocation length, in one go", async () => {
  const script = await loggedIn();
  for (let length = 0; length < 32; length += 1) {
    const cdb = `a0 00 00 00 00 00 00 00 00 ${length.toString(16).padStart(2, "0")}`;
    const fields = { read: true, expectedLength: length, cmdSn: length + 1, itt: length };
    await script.send(commandPdu(cdb, fields));
  }
  for (const pdu of script.received) {
    const { itt, kind } = pdu as { itt: number; kind: string };
    if (itt < 16) expect(pdu).toMatchObject({ kind: "scsiResponse", status: 2 });
    else expect([kind, textOf(pdu).length]).toEqual(["dataIn", 16]);
  }
  expect(script.received).toHaveLength(32);
});
