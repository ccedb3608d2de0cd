// Runs the real initiators' tools that tests use; they come with Debian's libiscsi-bin, qemu-utils
// and qemu-block-extra (`scripts/setup --test`).
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 60_000;
const OUTPUT_MAX = 8 * 1024 * 1024;

/** Both output streams of a tool that succeeded; `env` comes on top of our own environment. */
export async function runTool(
  tool: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const limits = { timeout: TOOL_TIMEOUT_MS, maxBuffer: OUTPUT_MAX, encoding: "utf8" } as const;
    const options = { ...limits, env: { ...process.env, ...env } };
    const { stdout, stderr } = await run(tool, args, options);
    return stdout + stderr;
  } catch (thrown) {
    const {
      code,
      stdout = "",
      stderr = "",
    } = thrown as {
      code?: unknown;
      stdout?: string;
      stderr?: string;
    };
    if (code === "ENOENT") {
      throw new Error(`${tool} is not installed: run "scripts/setup --test" as root`);
    }
    throw new Error(`${tool} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: thrown });
  }
}
