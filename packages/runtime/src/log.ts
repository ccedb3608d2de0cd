// Logging: pino behind a small interface. A message is a constant phrase, facts are fields with
// the vocabulary's names. Pure machines do not log; their drivers do.
import { destination, pino } from "pino";

export interface Log {
  /** Needs a person. */
  error(fields: object, message: string): void;
  /** Might need one. */
  warn(fields: object, message: string): void;
  /** An event in the life of the process. */
  info(fields: object, message: string): void;
  /** Per request. */
  debug(fields: object, message: string): void;
  child(fields: object): Log;
}

export type LogLevel = "error" | "warn" | "info" | "debug" | "silent";

/** A log of JSON lines on stderr; `fields` stand in each. */
export function openLog(level: LogLevel, fields: object): Log {
  return pino(
    { level, base: fields, timestamp: pino.stdTimeFunctions.isoTime, errorKey: "error" },
    destination({ dest: 2, sync: true }),
  );
}

/** For tests. */
export const silentLog: Log = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLog,
};
