// Runs one command: its answer or its error is written here, and the exit status is decided here.
import { type Answer, processStreams, type Streams, writeAnswer, writeError } from "./output.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** Any long time. */
const ALIVE_MS = 60_000;

/** The action of a command in commander's form. */
export function answering<A extends readonly unknown[]>(
  action: (...args: A) => Promise<Answer>,
  streams: Streams = processStreams,
): (...args: A) => Promise<void> {
  return async (...args) => {
    // commander passes the arguments of the command, then its options, then the command itself.
    const { json = false } = args.at(-2) as JsonOption;
    // The clock's timers keep no process alive, but a command that waits is not done.
    const alive = setInterval(() => {}, ALIVE_MS);
    try {
      const answer = await action(...args);
      writeAnswer(streams, answer, json);
      process.exitCode = answer.exit ?? 0;
    } catch (thrown) {
      process.exitCode = writeError(streams, thrown, json);
    } finally {
      clearInterval(alive);
    }
  };
}
