// Very many small writes to one file, by a thread of their own. A write of 4 KiB at a random place costs 10 us
// of CPU as a plain system call and 63 us by way of libuv's pool, and on the main thread it may block whatever
// else the process does, since the kernel makes writers wait who dirty more than the disk takes. So a thread
// makes plain calls, out of memory that it shares with the main one.
import { Worker } from "node:worker_threads";
import { assert, scatterLength } from "@ashlar/core";
import type { Piece } from "../disk.ts";

/** Bytes of one message to the thread. */
const AREA_BYTES = 512 * 1024;
/** One is written while the next is filled. */
const AREAS = 2;

interface Work {
  readonly fd: number;
  readonly area: SharedArrayBuffer;
  /** Position and length of each run, one after the other as they lie in the area. */
  readonly runs: Float64Array;
}

/** Undefined when all was written. */
type Outcome = { readonly code: string; readonly message: string } | undefined;

/**
 * What the thread does. It is started from its text, so it uses nothing but its parameters; `Buffer` is
 * global.
 */
function serve(
  { parentPort }: typeof import("node:worker_threads"),
  { writeSync }: typeof import("node:fs"),
): void {
  parentPort?.on("message", ({ fd, area, runs }: Work) => {
    const bytes = Buffer.from(area);
    let outcome: Outcome;
    let at = 0;
    try {
      for (let run = 0; run < runs.length; run += 2) {
        let position = runs[run] ?? 0;
        const end = at + (runs[run + 1] ?? 0);
        while (at < end) {
          const written = writeSync(fd, bytes, at, end - at, position);
          at += written;
          position += written;
        }
      }
    } catch (thrown) {
      const { code = "UNKNOWN", message } = thrown as NodeJS.ErrnoException;
      outcome = { code, message };
    }
    parentPort?.postMessage(outcome);
  });
}

interface Pending {
  readonly area: SharedArrayBuffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const TEXT = `(${serve.toString()})(require("node:worker_threads"), require("node:fs"));`;

export class BlockWriter {
  private readonly fd: number;
  private readonly worker: Worker;
  private readonly freeAreas: SharedArrayBuffer[] = [];
  private readonly waiting: (() => void)[] = [];
  /** What is under way, in order: the thread answers in that order. */
  private readonly pending: Pending[] = [];
  private failure: Error | undefined;

  constructor(fd: number) {
    this.fd = fd;
    for (let area = 0; area < AREAS; area += 1) {
      this.freeAreas.push(new SharedArrayBuffer(AREA_BYTES));
    }
    this.worker = new Worker(TEXT, { eval: true, execArgv: [], stdin: false });
    this.worker.unref();
    this.worker.on("message", (outcome: Outcome) => this.onOutcome(outcome));
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", () => this.fail(new Error("the writing thread has ended")));
  }

  /** Resolves when all is written, in whatever order; after a failure any of it may be. */
  async write(pieces: readonly Piece[]): Promise<void> {
    assert(
      pieces.every(({ data }) => scatterLength(data) <= AREA_BYTES),
      "a piece is small",
    );
    const written: Promise<void>[] = [];
    let area: SharedArrayBuffer | undefined;
    let runs: number[] = [];
    let at = 0;
    const send = (): void => {
      if (!area) return;
      const sent = this.send({ fd: this.fd, area, runs: Float64Array.from(runs) });
      // Heard at the end, when others may have failed before it.
      sent.catch(() => {});
      written.push(sent);
      area = undefined;
      runs = [];
      at = 0;
    };
    for (const { position, data } of pieces) {
      const length = scatterLength(data);
      if (area && at + length > AREA_BYTES) send();
      area ??= await this.takeArea();
      const target = Buffer.from(area);
      runs.push(position, length);
      for (const part of data) at += part.copy(target, at);
    }
    send();
    await Promise.all(written);
  }

  async end(): Promise<void> {
    this.failure ??= new Error("the file is closed");
    await this.worker.terminate();
  }

  private send(work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure) {
        reject(this.failure);
        return;
      }
      this.pending.push({ area: work.area, resolve, reject });
      this.worker.ref();
      this.worker.postMessage(work);
    });
  }

  private async takeArea(): Promise<SharedArrayBuffer> {
    for (;;) {
      if (this.failure) throw this.failure;
      const area = this.freeAreas.pop();
      if (area) return area;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private onOutcome(outcome: Outcome): void {
    const done = this.pending.shift();
    // What it still says after its end was given up already.
    if (!done) return;
    if (this.pending.length === 0) this.worker.unref();
    this.freeAreas.push(done.area);
    this.waiting.shift()?.();
    if (outcome) done.reject(Object.assign(new Error(outcome.message), { code: outcome.code }));
    else done.resolve();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.pending.splice(0)) reject(this.failure);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
