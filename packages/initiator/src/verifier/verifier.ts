// Drives a device with stamped writes, reads and unmaps, and judges everything that comes back
// (unit-checker.ts). It never gives up on errors: a failed write may or may not have happened, the
// checker allows for both. At the end `readBack` reads all it ever wrote through every path.
import {
  type BlockDevice,
  MIB,
  NO_PATH,
  SystemError,
  scatterJoin,
  toSystemError,
} from "@ashlar/core";
import { type Clock, LatencyHistogram, type Random, seededRandom, sleep } from "@ashlar/runtime";
import {
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  OPERATION_KINDS,
  type OperationError,
  type OperationKind,
  type OperationSummary,
  type VerifierReport,
} from "./report.ts";
import { UnitChecker, type UnitFault } from "./unit-checker.ts";
import { type PlannedOperation, planOperation, type WorkloadOptions } from "./workload.ts";

export interface VerifierPath {
  readonly name: string;
  readonly device: BlockDevice;
}

export interface VerifierOptions {
  /** Same seed and same number of operations: same workload. */
  readonly seed: number;
  /** Identity of the run in every stamp, below 2^48; must differ between runs on one device. */
  readonly runId: number;
  readonly writer?: number;
  /** Bytes under one stamp, 512 or 4096 (default: the larger of block size and 512). */
  readonly unitSize?: number;
  /** What the used part holds before: "zero" (default) or "any". */
  readonly initial?: "zero" | "any";
  /** Operations in flight. */
  readonly depth?: number;
  /** The used part of the device in bytes (default: all of it). */
  readonly offset?: number;
  readonly length?: number;
  /** Chunk size of the device, whose borders are to be crossed (default 64 MiB). */
  readonly borderSize?: number;
  readonly lengthMax?: number;
  readonly writePercent?: number;
  readonly unmapPercent?: number;
  readonly crossPercent?: number;
  /** False: no operation overlaps a write in flight, for devices that may tear then. */
  readonly overlap?: boolean;
}

/** Faults and errors kept in full; beyond that only counted. */
const LISTED_MAX = 100;
/** Pause of one worker after an error, so that a dead device is not hammered. */
const ERROR_PAUSE_MS = 50;
/** Attempts to find a range free of writes in flight before the operation is left out. */
const FREE_RANGE_ATTEMPTS = 32;
const NO_RANGE_PAUSE_MS = 1;
/** Largest command of the final reading. */
const READ_BACK_LENGTH = MIB;

interface Tally {
  readonly latency: LatencyHistogram;
  bytes: number;
  errors: number;
}

export class Verifier {
  private readonly paths: readonly VerifierPath[];
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly options: VerifierOptions;
  private readonly workload: WorkloadOptions;
  private readonly checker: UnitChecker;
  private readonly madeAtMs: number;
  private readonly tallies: Record<OperationKind, Tally>;
  private readonly faultCounts: Record<FaultKind, number>;
  private readonly faults: Fault[] = [];
  private readonly errors: OperationError[] = [];
  private readonly inFlight = new Set<PlannedOperation>();
  private progressAtMs = 0;
  private stall = { ms: 0, atMs: 0 };

  constructor(
    { paths, clock }: { readonly paths: readonly VerifierPath[]; readonly clock: Clock },
    options: VerifierOptions,
  ) {
    const [first] = paths;
    if (!first) throw new SystemError("argument/invalid", "a verifier needs at least one path");
    const unitSize = options.unitSize ?? Math.max(512, first.device.blockSize);
    const sizeBytes = first.device.sizeBytes;
    const offset = options.offset ?? 0;
    const length = options.length ?? sizeBytes - offset - ((sizeBytes - offset) % unitSize);
    if (unitSize % first.device.blockSize !== 0 || offset % unitSize || length % unitSize) {
      throw new SystemError("argument/invalid", "offset, length and unit must be whole blocks");
    }
    if (length < unitSize || offset + length > sizeBytes) {
      throw new SystemError("argument/invalid", "the used part must lie within the device", {
        sizeBytes,
      });
    }
    this.paths = paths;
    this.clock = clock;
    this.options = options;
    this.random = seededRandom(options.seed);
    this.workload = {
      offset,
      length,
      unitSize,
      borderSize: options.borderSize ?? 64 * MIB,
      lengthMax: options.lengthMax ?? MIB,
      writePercent: options.writePercent ?? 50,
      unmapPercent: options.unmapPercent ?? 2,
      crossPercent: options.crossPercent ?? 10,
    };
    this.checker = new UnitChecker({
      runId: options.runId,
      writer: options.writer ?? 0,
      unitSize,
      initial: options.initial ?? "zero",
    });
    this.madeAtMs = clock.nowMs();
    const tally = (): Tally => ({ latency: new LatencyHistogram(), bytes: 0, errors: 0 });
    this.tallies = { read: tally(), write: tally(), unmap: tally() };
    this.faultCounts = { lost: 0, stale: 0, foreign: 0, torn: 0, corrupt: 0 };
  }

  /** Runs the seeded mix until `operations` were begun or the signal aborts. */
  async run({ operations = Number.POSITIVE_INFINITY, signal }: RunOptions): Promise<void> {
    let left = operations;
    const worker = async (): Promise<void> => {
      while (left > 0 && !signal.aborted) {
        left--;
        const planned = this.plan();
        if (planned) await this.perform(this.anyPath(), planned, signal);
        else await sleep(this.clock, NO_RANGE_PAUSE_MS, { signal }).catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: this.options.depth ?? 8 }, worker));
  }

  /** One write of stamped data; false when it failed. */
  async write(offset: number, length: number, options: PathOptions): Promise<boolean> {
    return this.perform(this.path(options.path), { kind: "write", offset, length }, options.signal);
  }

  /** One checked read; false when it failed (faults are in the report). */
  async read(offset: number, length: number, options: PathOptions): Promise<boolean> {
    return this.perform(this.path(options.path), { kind: "read", offset, length }, options.signal);
  }

  async unmap(offset: number, length: number, options: PathOptions): Promise<boolean> {
    return this.perform(this.path(options.path), { kind: "unmap", offset, length }, options.signal);
  }

  /**
   * Reads everything that was ever written or unmapped, through every path, one after another:
   * through those of the run, or through others that lead to the same device.
   */
  async readBack({ signal, paths = this.paths }: ReadBackOptions): Promise<void> {
    const ranges = this.touchedRanges();
    for (const path of paths) {
      for (const { offset, length } of ranges) {
        signal.throwIfAborted();
        await this.perform(path, { kind: "read", offset, length }, signal);
      }
    }
  }

  report(): VerifierReport {
    const summary = (kind: OperationKind): OperationSummary => {
      const { latency, bytes, errors } = this.tallies[kind];
      return { ...latency.summary(), bytes, errors };
    };
    return {
      runId: this.options.runId,
      seed: this.options.seed,
      elapsedMs: this.sinceMade(),
      operations: { read: summary("read"), write: summary("write"), unmap: summary("unmap") },
      longestStallMs: this.stall.ms,
      longestStallAtMs: this.stall.atMs,
      unitsWritten: this.checker.unitsWritten,
      unitsChecked: this.checker.unitsChecked,
      faultCounts: { ...this.faultCounts },
      faults: [...this.faults],
      errorCount: OPERATION_KINDS.reduce((sum, kind) => sum + this.tallies[kind].errors, 0),
      errors: [...this.errors],
    };
  }

  private plan(): PlannedOperation | undefined {
    for (let attempt = 0; attempt < FREE_RANGE_ATTEMPTS; attempt++) {
      const planned = planOperation(this.random, this.workload);
      if (this.options.overlap !== false || this.isFree(planned)) return planned;
    }
    return undefined;
  }

  private isFree(planned: PlannedOperation): boolean {
    for (const other of this.inFlight) {
      const apart =
        other.offset + other.length <= planned.offset ||
        planned.offset + planned.length <= other.offset;
      if (!apart && (planned.kind !== "read" || other.kind !== "read")) return false;
    }
    return true;
  }

  private anyPath(): VerifierPath {
    return this.path(this.random.below(this.paths.length));
  }

  private path(index = 0): VerifierPath {
    const path = this.paths[index];
    if (!path) throw new SystemError("argument/invalid", `there is no path ${index}`);
    return path;
  }

  private async perform(
    path: VerifierPath,
    operation: PlannedOperation,
    signal: AbortSignal,
  ): Promise<boolean> {
    const startedAtMs = this.clock.nowMs();
    if (this.inFlight.size === 0) this.progressAtMs = startedAtMs;
    this.inFlight.add(operation);
    const tally = this.tallies[operation.kind];
    try {
      await this.carryOut(path, operation, signal);
      tally.latency.record(this.clock.nowMs() - startedAtMs);
      tally.bytes += operation.length;
      return true;
    } catch (thrown) {
      // An operation that was in flight when the run ended is no error of the device.
      if (!signal.aborted) {
        tally.errors++;
        this.recordError(path, operation, toSystemError(thrown));
        await sleep(this.clock, ERROR_PAUSE_MS, { signal }).catch(() => {});
      }
      return false;
    } finally {
      this.inFlight.delete(operation);
      this.recordProgress();
    }
  }

  private async carryOut(
    path: VerifierPath,
    { kind, offset, length }: PlannedOperation,
    signal: AbortSignal,
  ): Promise<void> {
    if (kind === "read") return this.checkedRead(path, { offset, length }, signal);
    if (kind === "write") {
      const data = Buffer.allocUnsafe(length);
      const mark = this.checker.beginWrite(offset, data);
      await path.device.write(offset, [data], { signal, path: NO_PATH });
      this.checker.endWrite(mark);
      return;
    }
    const mark = this.checker.beginUnmap(offset, length);
    await path.device.unmapBlocks(offset, length, { signal, path: NO_PATH });
    this.checker.endWrite(mark);
  }

  private async checkedRead(
    path: VerifierPath,
    { offset, length }: { readonly offset: number; readonly length: number },
    signal: AbortSignal,
  ): Promise<void> {
    const startTick = this.checker.beginRead();
    let data: Buffer;
    try {
      data = scatterJoin(await path.device.read(offset, length, { signal, path: NO_PATH }));
      if (data.length !== length) {
        throw new SystemError("internal", `read of ${length} bytes gave ${data.length}`);
      }
    } catch (thrown) {
      this.checker.abandonRead(startTick);
      throw thrown;
    }
    for (const fault of this.checker.endRead(startTick, offset, data)) {
      this.recordFault(path, fault);
    }
  }

  private recordFault(path: VerifierPath, fault: UnitFault): void {
    this.faultCounts[fault.kind]++;
    if (this.faults.length >= LISTED_MAX) return;
    this.faults.push({ ...fault, path: path.name, atMs: this.sinceMade() });
  }

  private recordError(path: VerifierPath, planned: PlannedOperation, error: SystemError): void {
    if (this.errors.length >= LISTED_MAX) return;
    const { kind, offset, length } = planned;
    const { code, message } = error;
    const where = { operation: kind, offset, length, path: path.name };
    this.errors.push({ ...where, code, message, atMs: this.sinceMade() });
  }

  private recordProgress(): void {
    const now = this.clock.nowMs();
    const gapMs = now - this.progressAtMs;
    if (gapMs > this.stall.ms) {
      this.stall = { ms: gapMs, atMs: this.progressAtMs - this.madeAtMs };
    }
    this.progressAtMs = now;
  }

  private touchedRanges(): { readonly offset: number; readonly length: number }[] {
    const { unitSize } = this.workload;
    const ranges: { offset: number; length: number }[] = [];
    for (const offset of this.checker.touchedOffsets()) {
      const last = ranges.at(-1);
      if (last && last.offset + last.length === offset && last.length < READ_BACK_LENGTH) {
        last.length += unitSize;
      } else {
        ranges.push({ offset, length: unitSize });
      }
    }
    return ranges;
  }

  private sinceMade(): number {
    return this.clock.nowMs() - this.madeAtMs;
  }
}

export interface RunOptions {
  readonly operations?: number;
  readonly signal: AbortSignal;
}

export interface ReadBackOptions {
  readonly paths?: readonly VerifierPath[];
  readonly signal: AbortSignal;
}

export interface PathOptions {
  /** Index of the path, 0 by default. */
  readonly path?: number;
  readonly signal: AbortSignal;
}

/** Every kind of fault with its count, for a one-line summary. */
export const formatFaults = (report: VerifierReport): string =>
  FAULT_KINDS.map((kind) => `${kind} ${report.faultCounts[kind]}`).join(", ");
