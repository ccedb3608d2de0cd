// The bench as a command, for `npm run bench` and for `ashlar bench` of the cli.
import { toSystemError } from "@ashlar/core";
import { measure } from "./bench.ts";
import { parseOptions, USAGE } from "./options.ts";
import { formatReport } from "./report.ts";

const ALIVE_STEP_MS = 60_000;

/** Runs the bench and resolves with the exit status: 0 done, 1 failed, 2 usage. */
export async function runBench(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  // Timers of the clock keep no process alive, and while nothing is asked there is nothing else.
  const alive = setInterval(() => {}, ALIVE_STEP_MS);
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const options = parseOptions(argv);
    if (!options) {
      process.stdout.write(USAGE);
      return 0;
    }
    const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
    const report = await measure(options, { say }, { signal: interrupt.signal });
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : formatReport(report));
    return 0;
  } catch (thrown) {
    const { code, message, meta } = toSystemError(thrown);
    const hint = meta.hint ?? null;
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    else process.stderr.write(`bench: ${message}${hint ? `\n  ${hint}` : ""}\n`);
    return code === "argument/invalid" ? 2 : 1;
  } finally {
    clearInterval(alive);
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
