// The `ip` command of iproute2, which makes and changes networks; there is no other way to them from
// here. Its errors become ours, with what a person can do.
import { execFile } from "node:child_process";
import { SystemError } from "@ashlar/core";

export interface IpOutcome {
  readonly stdout: string;
  /** config/no-network with what `ip` said. */
  readonly error?: SystemError;
}

/** Runs `ip`, whatever comes of it. */
export function ipOutcome(...args: string[]): Promise<IpOutcome> {
  return new Promise((resolve) => {
    execFile("ip", args, (thrown, stdout, stderr) => {
      if (!thrown) return resolve({ stdout });
      const said = thrown.code === "ENOENT" ? "the command was not found" : stderr.trim();
      const message = `ip ${args.join(" ")}: ${said}`;
      const hint =
        "hosts of their own need network namespaces: run as root, with iproute2 installed";
      resolve({ stdout, error: new SystemError("config/no-network", message, { hint }, thrown) });
    });
  });
}

/** Standard output of an `ip` command. @throws SystemError config/no-network */
export async function ip(...args: string[]): Promise<string> {
  const { stdout, error } = await ipOutcome(...args);
  if (error) throw error;
  return stdout;
}
