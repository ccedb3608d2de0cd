// The `ip` command of iproute2, which makes and changes networks; there is no other way to them from
// here. Its errors become ours, with what a person can do.
import { execFile } from "node:child_process";
import { SystemError } from "@ashlar/core";

export interface IpOutcome {
  readonly stdout: string;
  /** config/no-network with what `ip` said. */
  readonly error?: SystemError;
}

const HINT = "hosts of their own need network namespaces: run as root, with iproute2 installed";

function run(program: string, args: readonly string[], input: string): Promise<IpOutcome> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (thrown, stdout, stderr) => {
      if (!thrown) return resolve({ stdout });
      const said = thrown.code === "ENOENT" ? "the command was not found" : stderr.trim();
      const message = `${program} ${args.join(" ")}: ${said}`;
      resolve({
        stdout,
        error: new SystemError("config/no-network", message, { hint: HINT }, thrown),
      });
    });
    // What it says of its end stands above; a pipe that broke adds nothing.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/** Runs `ip`, whatever comes of it. */
export const ipOutcome = (...args: string[]): Promise<IpOutcome> => run("ip", args, "");

/** Standard output of an `ip` command. @throws SystemError config/no-network */
export async function ip(...args: string[]): Promise<string> {
  const { stdout, error } = await ipOutcome(...args);
  if (error) throw error;
  return stdout;
}

/**
 * Runs `ip` for one list of arguments after the other, up to the first that fails. A small shell starts
 * them: this process stands still while it starts one, and a large one for long. No argument holds a blank.
 * @throws SystemError config/no-network
 */
export async function ipAll(commands: readonly (readonly string[])[]): Promise<void> {
  const lines = commands.map((args) => `${args.join(" ")}\n`).join("");
  const { error } = await run("sh", ["-ec", "while read -r args; do ip $args; done"], lines);
  if (error) throw error;
}
