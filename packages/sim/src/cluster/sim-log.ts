// What the processes say, as lines of the run's story and as events for the checkers. A programming error
// that a process only logs is the end of the run.
import { SystemError } from "@ashlar/core";
import type { Log, LogLevel } from "@ashlar/runtime";
import type { World } from "../world/world.ts";

export type OnLine = (line: {
  readonly process: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}) => void;

function textOf(fields: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(fields).filter(
    ([name, value]) => name !== "error" && name !== "component" && typeof value !== "object",
  );
  const parts = shown.map(([name, value]) => `${name}=${String(value)}`);
  const { error } = fields;
  if (error instanceof Error) parts.push(`(${error.message})`);
  return parts.join(" ");
}

const isBug = ({ error, code }: Readonly<Record<string, unknown>>): boolean =>
  code === "internal" || (error instanceof Error && !(error instanceof SystemError));

export function simLog(world: World, process: string, onLine: OnLine = () => {}): Log {
  const at =
    (level: Exclude<LogLevel, "silent">) =>
    (given: object, message: string): void => {
      const fields = given as Readonly<Record<string, unknown>>;
      onLine({ process, level, message, fields });
      if (level === "debug") world.tell?.(`${process} debug ${message} ${textOf(fields)}`);
      else world.note(`${process} ${level} ${message} ${textOf(fields)}`);
      const { error = new Error(message) } = fields;
      if (level === "error" && isBug(fields)) world.fail(error);
    };
  const log: Log = {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    child: () => log,
  };
  return log;
}
