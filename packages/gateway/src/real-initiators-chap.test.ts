// Logins of libiscsi and QEMU that must prove who they are, and that are sent to another portal.
import { MIB } from "@ashlar/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MemoryPortal, startMemoryPortal } from "./testing/memory-portal.ts";
import { runTool } from "./testing/tools.ts";

const MUTUAL = {
  initiator: { name: "host-a", secret: "secret-of-host-a" },
  target: { name: "ashlar", secret: "secret-of-ashlar" },
} as const;
const USER = `${MUTUAL.initiator.name}%${MUTUAL.initiator.secret}@`;

let portal: MemoryPortal;

beforeAll(async () => {
  const volumes = [
    { name: "demo", sizeBytes: 16 * MIB, authentication: MUTUAL },
    { name: "one-way", sizeBytes: 16 * MIB, authentication: { ...MUTUAL, target: undefined } },
    // A name that looks like a value.
    {
      name: "hex",
      sizeBytes: 16 * MIB,
      authentication: { ...MUTUAL, initiator: { ...MUTUAL.initiator, name: "0x686f7374" } },
    },
    { name: "elsewhere", sizeBytes: 16 * MIB, servedBy: 1 },
  ];
  portal = await startMemoryPortal(volumes, { portals: 2, discovery: MUTUAL });
});

afterAll(() => portal.stop());

/** The URL of a volume through the first portal. */
const url = (name: string, user = ""): string =>
  `iscsi://${user}${portal.addresses[0]}/${portal.iqnOf(name)}/0`;

/** How libiscsi is told what a target must prove. */
const targetProof = (secret: string): Record<string, string> => ({
  LIBISCSI_CHAP_TARGET_USERNAME: MUTUAL.target.name,
  LIBISCSI_CHAP_TARGET_PASSWORD: secret,
});

const REFUSED = "Authentication failure(513)";

describe("libiscsi", () => {
  test.each(["demo", "one-way"])("logs in to %s", async (name) => {
    const inquiry = await runTool("iscsi-inq", [url(name, USER)]);
    expect(inquiry).toContain("Vendor:ASHLAR");
  });

  test("logs in under a name that looks like a hexadecimal value", async () => {
    const user = `0x686f7374%${MUTUAL.initiator.secret}@`;
    expect(await runTool("iscsi-inq", [url("hex", user)])).toContain("Vendor:ASHLAR");
    await expect(runTool("iscsi-inq", [url("hex", USER)])).rejects.toThrow(REFUSED);
  });

  test("has the target prove itself", async () => {
    const { secret } = MUTUAL.target;
    const inquiry = await runTool("iscsi-inq", [url("demo", USER)], targetProof(secret));
    expect(inquiry).toContain("Vendor:ASHLAR");
    const doubting = runTool("iscsi-inq", [url("demo", USER)], targetProof("another-secret"));
    await expect(doubting).rejects.toThrow("Invalid CHAP_R response from the target");
    const asking = runTool("iscsi-inq", [url("one-way", USER)], targetProof(secret));
    await expect(asking).rejects.toThrow(REFUSED);
  });

  test.each(["", "host-a%another-secret@", `host-b%${MUTUAL.initiator.secret}@`])(
    "is refused as %j",
    async (user) => {
      await expect(runTool("iscsi-inq", [url("demo", user)])).rejects.toThrow(REFUSED);
    },
  );

  test("proves itself for discovery too", async () => {
    const address = portal.addresses[0];
    const listed = await runTool("iscsi-ls", [`iscsi://${USER}${address}`]);
    expect(listed).toContain(`Target:${portal.iqnOf("demo")} Portal:${address},1`);
    await expect(runTool("iscsi-ls", [`iscsi://${address}`])).rejects.toThrow(REFUSED);
  });

  test("follows a redirection", async () => {
    const page = await runTool("iscsi-inq", ["-e", "1", "-c", String(0x83), url("elsewhere")]);
    expect(page).toContain(`Designator:[${portal.iqnOf("elsewhere")},t,0x0002]`);
  });
});

describe("QEMU", () => {
  const commands = ["-c", "write -P 0xa5 1M 64k", "-c", "read -P 0xa5 1M 64k"];

  test("reads and writes with user and secret in its URL", async () => {
    const said = await runTool("qemu-io", ["-f", "raw", ...commands, url("demo", USER)]);
    expect(said).toContain("wrote 65536/65536");
    expect(said).not.toContain("Pattern verification failed");
  });

  test("reads and writes with user and secret as options", async () => {
    const { name, secret } = MUTUAL.initiator;
    const where = `portal=${portal.addresses[0]},target=${portal.iqnOf("demo")},lun=0`;
    const options = `driver=iscsi,transport=tcp,${where},user=${name},password-secret=proof`;
    const object = ["--object", `secret,id=proof,data=${secret}`];
    const said = await runTool("qemu-io", [...object, ...commands, "--image-opts", options]);
    expect(said).toContain("wrote 65536/65536");
    expect(said).not.toContain("Pattern verification failed");
  });

  test("is refused with another secret", async () => {
    const opening = ["-f", "raw", ...commands, url("demo", "host-a%another-secret@")];
    await expect(runTool("qemu-io", opening)).rejects.toThrow(REFUSED);
  });
});
