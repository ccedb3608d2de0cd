// Debian's iSCSI target tgt as a peer for tests: one tgtd of our own on loopback, with its own
// control port, serving one file as LUN 1. Two of them over one file are two paths to one disk.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { SystemError } from "@ashlar/core";
import type { PortalAddress } from "../url.ts";

const run = promisify(execFile);
const TGTD = "/usr/sbin/tgtd";
const TGTADM = "/usr/sbin/tgtadm";
/** Where tgtd puts its control sockets; a killed one leaves them behind. */
const CONTROL_FOLDER = "/var/run/tgtd";
const FORCE = { force: true } as const;
/** Time for tgtd to answer its control socket; it takes milliseconds. */
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

export const TGT_LUN = 1;
export const TGT_TARGET = "iqn.2026-11.io.ashlar.test:tgt";

export interface TgtTarget {
  readonly portal: PortalAddress;
  readonly targetName: string;
  readonly lun: number;
  readonly pid: number;
  /** Runs tgtadm against this tgtd. */
  admin(args: readonly string[]): Promise<string>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Starts a tgtd that serves `file`; the caller ends it with `kill`. */
export async function startTgt({ file }: { readonly file: string }): Promise<TgtTarget> {
  if (!existsSync(TGTD) || !existsSync(TGTADM)) {
    const hint = "run scripts/setup --test, which installs the Debian package tgt";
    throw new SystemError("process/not-found", `${TGTD} is not installed: ${hint}`, { hint });
  }
  const port = await freePort();
  // The control port names a socket: one per tgtd, like the TCP port.
  const control = String(port % 32_768);
  const portal = { host: "127.0.0.1", port };
  const child = spawn(TGTD, ["-f", "-C", control, "--iscsi", `portal=127.0.0.1:${port}`], {
    stdio: "ignore",
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const admin = async (args: readonly string[]): Promise<string> =>
    (await run(TGTADM, ["-C", control, "--lld", "iscsi", ...args])).stdout;
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
    for (const end of ["", ".lock"]) await rm(`${CONTROL_FOLDER}/socket.${control}${end}`, FORCE);
  };
  try {
    await answering(child, () => admin(["--op", "show", "--mode", "target"]));
    await configure(admin, file);
  } catch (thrown) {
    await kill();
    throw thrown;
  }
  return { portal, targetName: TGT_TARGET, lun: TGT_LUN, pid: child.pid ?? 0, admin, kill };
}

async function configure(
  admin: (args: readonly string[]) => Promise<string>,
  file: string,
): Promise<void> {
  const target = ["--mode", "target", "--tid", "1"];
  const unit = ["--mode", "logicalunit", "--tid", "1", "--lun", String(TGT_LUN)];
  await admin(["--op", "new", ...target, "-T", TGT_TARGET]);
  await admin(["--op", "new", ...unit, "-b", file]);
  await admin(["--op", "update", ...unit, "--params", "thin_provisioning=1"]);
  await admin(["--op", "bind", ...target, "-I", "ALL"]);
}

async function answering(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (thrown) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new SystemError("process/failed", "tgtd does not start", {}, thrown);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
