// What acknowledges what, and what that proves of the path (P9).
import { MIB } from "@ashlar/core";
import type { ScsiTarget } from "@ashlar/scsi";
import { openTarget } from "@ashlar/scsi/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TAG_NONE } from "./opcode.ts";
import { PathTimes } from "./path-proof.ts";
import type { InitiatorPdu } from "./pdu.ts";
import { serialAdd } from "./serial.ts";
import { ConnectionScript, commandPdu, dataOutPdu, loginTo } from "./testing/transcript.ts";

const NEVER = Number.NEGATIVE_INFINITY;
const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";
const WRITE_TWO = "2a 00 00 00 00 00 00 00 02";
const TUR = "00";

/** Logged in at 0; StatSN 1 was the login's. */
async function loggedIn({ automatic = true } = {}): Promise<ConnectionScript> {
  const { target } = openTarget({ sizeBytes: 64 * MIB });
  const targets = new Map<string, ScsiTarget>([[TARGET, target]]);
  const script = new ConnectionScript({ targets, automatic });
  await script.send(loginTo(TARGET));
  script.perform(script.connection.targetFound(script.find({ targetName: TARGET })));
  script.perform(script.connection.sessionOpened(1));
  script.received.length = 0;
  script.effects.length = 0;
  return script;
}

const nopOut = (fields: { ttt?: number; expStatSn?: number }): InitiatorPdu => ({
  kind: "nopOut",
  immediate: true,
  lun: 0,
  itt: TAG_NONE,
  ttt: TAG_NONE,
  cmdSn: 1,
  expStatSn: 0,
  data: [],
  ...fields,
});

const pingsOf = (script: ConnectionScript) =>
  script.received.flatMap((pdu) => (pdu.kind === "nopIn" ? [pdu] : []));

describe("a path is proved (P9)", () => {
  it("by the next command, as of the time the last response was sent", async () => {
    const script = await loggedIn();
    expect(script.connection.provenAtMs).toBe(NEVER);
    script.nowMs = 10;
    await script.send(commandPdu(TUR, { expStatSn: 2 }));
    expect(script.connection.provenAtMs, "the login's answer").toBe(0);
    script.nowMs = 20;
    await script.send(commandPdu(TUR, { itt: 17, cmdSn: 2, expStatSn: 2 }));
    expect(script.connection.provenAtMs, "nothing new").toBe(0);
    script.nowMs = 30;
    await script.send(commandPdu(TUR, { itt: 18, cmdSn: 3, expStatSn: 4 }));
    expect(script.connection.provenAtMs).toBe(20);
  });

  it("not by the arrival of anything, nor by numbers that were never sent", async () => {
    const script = await loggedIn();
    script.nowMs = 10;
    for (const expStatSn of [0, 1, 3, 4, 0x80000001, 0xffffffff]) {
      await script.send(nopOut({ expStatSn }));
      await script.send(nopOut({ ttt: 5, expStatSn }));
    }
    expect(script.connection.provenAtMs).toBe(NEVER);
  });

  it("by the tag of a ping, once, as of its sending", async () => {
    const script = await loggedIn();
    script.nowMs = 10;
    script.perform(script.connection.prove(5));
    const [{ ttt } = { ttt: 0 }] = pingsOf(script);
    script.nowMs = 40;
    await script.send(nopOut({ ttt }));
    expect(script.connection.provenAtMs).toBe(10);
    await script.send(nopOut({ ttt }));
    expect(script.connection.provenAtMs).toBe(10);
  });

  it("by Data-Out, as of the R2T that it answers", async () => {
    const script = await loggedIn();
    await script.send(commandPdu(TUR, {}));
    script.nowMs = 10;
    const write = { write: true, expectedLength: 1024, cmdSn: 2, itt: 17 };
    await script.send(commandPdu(WRITE_TWO, write));
    script.nowMs = 40;
    const half = [Buffer.alloc(512)];
    await script.send(dataOutPdu({ itt: 17, ttt: 77, final: false, data: half }));
    expect(script.connection.provenAtMs, "a tag of nobody's").toBe(NEVER);
    await script.send(dataOutPdu({ itt: 17, final: false, data: half }));
    expect(script.connection.provenAtMs).toBe(10);
  });

  it("no later than a ping or an R2T first showed the number: some take that for the status", async () => {
    const script = await loggedIn();
    script.nowMs = 10;
    script.perform(script.connection.prove(10));
    const [{ statSn } = { statSn: 0 }] = pingsOf(script);
    // An initiator of that kind, already before any status of that number.
    const early = commandPdu(TUR, { expStatSn: statSn + 1 });
    script.nowMs = 50;
    await script.send(commandPdu(TUR, { expStatSn: 2 }));
    await script.send({ ...early, itt: 17, cmdSn: 2 });
    expect(script.connection.provenAtMs).toBe(10);
  });
});

describe("pings for a proof", () => {
  it("are sent at once, and not again while one is on its way that is young enough", async () => {
    const script = await loggedIn();
    for (const [nowMs, sinceMs] of [
      [100, 90],
      [110, 90],
      [120, 100],
      [130, 101],
      [131, 131],
    ] as const) {
      script.nowMs = nowMs;
      script.perform(script.connection.prove(sinceMs));
    }
    expect(pingsOf(script).map(({ itt, statSn }) => [itt, statSn])).toEqual([
      [TAG_NONE, 2],
      [TAG_NONE, 2],
      [TAG_NONE, 2],
    ]);
    const tags = pingsOf(script).map(({ ttt }) => ttt);
    await script.send(nopOut({ ttt: tags[1]! }));
    expect(script.connection.provenAtMs).toBe(130);
    await script.send(nopOut({ ttt: tags[0]! }));
    expect(script.connection.provenAtMs).toBe(130);
  });

  it("end at a few without an answer, and nothing is sent before the session or after it", async () => {
    const { target } = openTarget();
    const fresh = new ConnectionScript({ targets: new Map([[TARGET, target]]) });
    expect(fresh.connection.prove(0)).toEqual([]);
    const script = await loggedIn();
    for (script.nowMs = 1; script.nowMs < 50; script.nowMs += 1) {
      script.perform(script.connection.prove(script.nowMs));
    }
    expect(pingsOf(script)).toHaveLength(8);
    script.perform(script.connection.end().effects);
    expect(script.connection.prove(1000)).toEqual([]);
  });
});

describe("acknowledged numbers", () => {
  it("go round at 2^32", () => {
    let nowMs = 0;
    const times = new PathTimes(() => nowMs);
    const first = 0xffff_fffe;
    for (let count = 0; count < 5; count += 1) {
      nowMs = count;
      times.shown(serialAdd(first, count));
    }
    times.acknowledged(first);
    expect(times.provenAtMs, "before the first").toBe(NEVER);
    for (let count = 0; count < 5; count += 1) {
      times.acknowledged(serialAdd(first, count + 1));
      expect(times.provenAtMs).toBe(count);
    }
    times.acknowledged(serialAdd(first, 6));
    expect(times.provenAtMs).toBe(4);
  });

  it("are forgotten when many more were sent since: late acknowledgement proves nothing", () => {
    let nowMs = 0;
    const times = new PathTimes(() => nowMs);
    for (let statSn = 1; statSn <= 513; statSn += 1) {
      nowMs = statSn;
      times.shown(statSn);
    }
    times.acknowledged(2);
    expect(times.provenAtMs).toBe(NEVER);
    times.acknowledged(3);
    expect(times.provenAtMs).toBe(2);
  });

  it("never prove more than the initiator had seen when it made its PDU", () => {
    // The initiator makes a PDU at some time and the wire holds it back for a while. It may count
    // numbers that were only shown, or not.
    const step = fc.oneof(
      fc.record({ kind: fc.constant("status" as const) }),
      fc.record({ kind: fc.constant("ping" as const) }),
      fc.record({ kind: fc.constant("make" as const), countsShown: fc.boolean() }),
      fc.record({ kind: fc.constant("arrive" as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom<number>(1, 0x7fff_fff0, 0xffff_fff0),
        (steps, first) => {
          let nowMs = 0;
          let next: number = first;
          let status = serialAdd(first, -1);
          let seen = status;
          const times = new PathTimes(() => nowMs);
          const wire: { readonly expStatSn: number; readonly madeAtMs: number }[] = [];
          let bound = NEVER;
          for (const one of steps) {
            nowMs += 1;
            if (one.kind === "status") {
              times.shown(next);
              status = next;
              seen = next;
              next = serialAdd(next, 1);
            } else if (one.kind === "ping") {
              times.shown(next);
              seen = next;
            } else if (one.kind === "make") {
              const expStatSn = serialAdd(one.countsShown ? seen : status, 1);
              wire.push({ expStatSn, madeAtMs: nowMs });
            } else {
              const pdu = wire.shift();
              if (!pdu) continue;
              bound = Math.max(bound, pdu.madeAtMs);
              times.acknowledged(pdu.expStatSn);
            }
            expect(times.provenAtMs).toBeLessThanOrEqual(bound);
          }
        },
      ),
    );
  });
});
