// Clock and Log for the supervisor. They are those of @ashlar/runtime in shape and meaning; that
// package itself brings pino, zod and prom-client, whose loading would hold up the start of every
// other process of the machine.
import type { Clock, Log } from "@ashlar/runtime";

export const leanClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every: (ms, call) => {
    const timer = setInterval(call, ms).unref();
    return { cancel: () => clearInterval(timer) };
  },
};

/** Levels as pino numbers them, so that all logs of a lab read alike. */
const LEVELS = { error: 50, warn: 40, info: 30 } as const;

/** A log of JSON lines on stderr; `fields` stand in each. */
export function openLeanLog(fields: object): Log {
  const line =
    (level: keyof typeof LEVELS) =>
    (more: object, msg: string): void => {
      const time = new Date().toISOString();
      const record = { level: LEVELS[level], time, ...fields, ...more, msg };
      process.stderr.write(`${JSON.stringify(record)}\n`);
    };
  return {
    error: line("error"),
    warn: line("warn"),
    info: line("info"),
    debug: () => {},
    child: (more) => openLeanLog({ ...fields, ...more }),
  };
}
