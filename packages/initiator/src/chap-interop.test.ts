// CHAP with Debian's tgt, which is neither our code nor our reading of RFC 7143. Of what
// we offer it knows MD5 only.
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB } from "@ashlar/core";
import { type Authentication, LOGIN_STATUS } from "@ashlar/iscsi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogicalUnit } from "./logical-unit.ts";
import { openSession } from "./session/open-session.ts";
import { startTgt, TGT_LUN, TGT_TARGET, type TgtTarget } from "./testing/tgt.ts";

const ACCOUNTS = {
  initiator: { name: "host-a", secret: "secretofhosta" },
  target: { name: "tgt", secret: "secretoftgt01" },
} as const;

let folder: string;
let tgt: TgtTarget;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ashlar-chap-"));
  const file = join(folder, "disk");
  await writeFile(file, "");
  await truncate(file, 8 * MIB);
  tgt = await startTgt({ file });
  for (const [account, direction] of [
    [ACCOUNTS.initiator, []],
    [ACCOUNTS.target, ["--outgoing"]],
  ] as const) {
    const user = ["--user", account.name];
    await tgt.admin(["--op", "new", "--mode", "account", ...user, "--password", account.secret]);
    await tgt.admin(["--op", "bind", "--mode", "account", "--tid", "1", ...user, ...direction]);
  }
});

afterAll(async () => {
  await tgt?.kill();
  await rm(folder, { recursive: true });
});

const login = (authentication: Authentication | undefined) =>
  openSession(tgt.portal, {
    targetName: TGT_TARGET,
    initiatorName: "iqn.2026-11.io.ashlar.test:initiator",
    isid: "800000000001",
    ...(authentication && { authentication }),
  });

describe("CHAP with tgt", () => {
  it.each<[what: string, Authentication]>([
    ["one way", { initiator: ACCOUNTS.initiator, target: undefined }],
    ["mutual", ACCOUNTS],
  ])("%s", async (_what, authentication) => {
    const session = await login(authentication);
    const unit = await LogicalUnit.open(session, { lun: TGT_LUN });
    expect(unit.sizeBytes).toBe(8 * MIB);
    await session.logout();
  });

  it("is refused with another secret, and with none", async () => {
    const initiator = { ...ACCOUNTS.initiator, secret: "anothersecret" };
    for (const authentication of [undefined, { initiator, target: undefined }]) {
      const error = await login(authentication).catch((thrown) => thrown);
      expect(error).toMatchObject({ meta: { status: LOGIN_STATUS.authenticationFailure } });
    }
  });

  it("does not take a target with another secret for tgt", async () => {
    const target = { ...ACCOUNTS.target, secret: "anothersecret" };
    const error = await login({ ...ACCOUNTS, target }).catch((thrown) => thrown);
    expect(error.message).toMatch(/does not prove/);
  });
});
