// Diagnostics, echo buffers: what tools use to see whether a unit is well and reachable.
import { SystemError } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { NEXUS_A, NEXUS_B, openTarget } from "../testing/harness.ts";

describe("SEND DIAGNOSTIC", () => {
  test("the self-test asks the device", async () => {
    const { run, device } = openTarget();
    const tests = ["1d 04", "1d a0", "1d c0"];
    for (const cdb of tests) expect((await run(cdb)).status).toBe(0);
    device.failure = new SystemError("chunk/unavailable", "no replica answers");
    for (const cdb of tests) expect((await run(cdb)).status).toBe(8);
    expect((await run("1d 00")).status).toBe(0);
  });

  test("background tests, unknown codes and mixtures are refused", async () => {
    const { run } = openTarget();
    for (const cdb of ["1d 20", "1d 40", "1d 80", "1d 60", "1d e0", "1d a4", "1d 04 00 00 04"]) {
      expect((await run(cdb, { data: Buffer.alloc(4) })).sense, cdb).toBe("05/24/00");
    }
  });

  test("only the list of pages is a diagnostic page", async () => {
    const { run } = openTarget();
    const send = (data: Buffer) => run(`1d 10 00 00 0${data.length}`, { data });
    expect((await send(Buffer.alloc(4))).status).toBe(0);
    expect((await send(Buffer.from([0x40, 0, 0, 0]))).sense).toBe("05/26/00");
    expect((await send(Buffer.alloc(3))).sense).toBe("05/1a/00");
    expect((await run("1d 00 00 00 04", { data: Buffer.alloc(4) })).sense).toBe("05/24/00");
    expect((await run("1c 01 00 00 ff")).data.toString("hex")).toBe("0000000100");
    expect((await run("1c 01 40 00 ff")).sense).toBe("05/24/00");
    expect((await run("1c 00 00 00 ff")).sense).toBe("05/24/00");
  });
});

describe("the echo buffer", () => {
  const WRITE = "3b 0a 00 00 00 00 00 00 05";
  const READ = "3c 0a 00 00 00 00 00 00 ff";
  const data = Buffer.from("hello");

  test("gives each nexus back what it wrote", async () => {
    const { target, run } = openTarget();
    expect((await run(READ)).sense).toBe("05/2c/00");
    expect((await run(WRITE, { data })).status).toBe(0);
    expect((await run(READ)).data.toString()).toBe("hello");
    expect((await run("3c 0a 00 00 00 00 00 00 02")).data.toString()).toBe("he");
    expect((await run(READ, { nexus: NEXUS_B })).sense).toBe("05/2c/00");
    await target.loseNexus(NEXUS_A);
    expect((await run(READ)).sense).toBe("05/2c/00");
  });

  test("tells its size and takes no more", async () => {
    const { run } = openTarget();
    expect((await run("3c 0b 00 00 00 00 00 00 04")).data.toString("hex")).toBe("00001000");
    expect((await run("3c 03 00 00 00 00 00 00 04")).data.toString("hex")).toBe("ff000000");
    const full = Buffer.alloc(4096, 7);
    expect((await run("3b 0a 00 00 00 00 00 10 00", { data: full })).status).toBe(0);
    expect((await run("3c 0a 00 00 00 00 00 ff ff")).data.equals(full)).toBe(true);
    expect((await run("3b 0a 00 00 00 00 00 10 01")).sense).toBe("05/24/00");
  });

  test("no other mode, and no offset", async () => {
    const { run } = openTarget();
    for (const cdb of ["3b 02", "3b 05", "3b 07", "3b 2a", "3c 02", "3c 1c", "3c 2a"]) {
      expect((await run(cdb)).sense, cdb).toBe("05/24/00");
    }
    expect((await run("3b 0a 00 00 00 01 00 00 05", { data })).sense).toBe("05/24/00");
    expect((await run("3c 0a 00 00 00 01 00 00 05")).sense).toBe("05/24/00");
  });
});
