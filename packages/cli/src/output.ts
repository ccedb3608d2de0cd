// What a command says. With --json standard output holds exactly one JSON document, also when the
// command fails; without it, lines for people. Progress and errors for people go to stderr.
import { type SystemError, toSystemError } from "@ashlar/core";
import { EXIT_OF_CODE, type ExitStatus } from "./exit-status.ts";

/** The outcome of a command, in both forms. */
export interface Answer {
  /** Undefined when the command has written its document already. */
  readonly json: unknown;
  readonly lines: readonly string[];
  /** 0 if absent. */
  readonly exit?: ExitStatus;
}

/** The writing ends, so that a test can catch what is written. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export const processStreams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

export function writeAnswer({ out }: Streams, answer: Answer, json: boolean): void {
  if (json && answer.json !== undefined) out(`${JSON.stringify(answer.json)}\n`);
  if (!json && answer.lines.length > 0) out(`${answer.lines.join("\n")}\n`);
}

export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}

/** What a failure looks like in JSON. */
export const errorDocument = ({ code, message, meta }: SystemError): ErrorDocument => ({
  error: { code, message, hint: meta.hint ?? null },
});

/** Writes what went wrong and gives the exit status. */
export function writeError({ out, err }: Streams, thrown: unknown, json: boolean): ExitStatus {
  const error = toSystemError(thrown);
  if (json) out(`${JSON.stringify(errorDocument(error))}\n`);
  else {
    err(`ashlar: ${error.message} (${error.code})\n`);
    if (error.meta.hint !== undefined) err(`  ${error.meta.hint}\n`);
  }
  return EXIT_OF_CODE[error.code];
}

/** Columns padded to the widest cell; a heading line first. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

const BAR_WIDTH = 30;

/** Below this nobody knows yet how fast it goes. */
const ETA_AFTER_MS = 3_000;

/** What is left at the speed so far, as text; empty as long as that says nothing. */
export function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (elapsedMs < ETA_AFTER_MS || done <= 0 || done >= total) return "";
  const seconds = Math.ceil((elapsedMs * (total - done)) / done / 1000);
  if (seconds < 120) return `about ${seconds} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `about ${minutes} min left` : `about ${Math.ceil(minutes / 60)} h left`;
}

/** A progress bar on a terminal, with the time that is left; elsewhere nothing. */
export function progressBar(json: boolean): (done: number, total: number) => void {
  if (json || !process.stderr.isTTY) return () => {};
  const beganMs = performance.now();
  let widest = 0;
  return (done, total) => {
    const share = total === 0 ? 1 : done / total;
    const bar = "#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".");
    const left = timeLeft(done, total, performance.now() - beganMs);
    const line = `[${bar}] ${done}/${total} ${left}`;
    widest = Math.max(widest, line.length);
    process.stderr.write(`\r${line.padEnd(widest)}${done === total ? "\n" : ""}`);
  };
}

/** Lines about what is waited for, each told when it differs from the one before. */
export function progressLines(json: boolean): (line: string) => void {
  let last = "";
  return (line) => {
    if (!json && line !== last) process.stderr.write(`${line}\n`);
    last = line;
  };
}
