// A host at work for as long as a drill lasts: it reads and writes over all portals, checks all it
// reads, and at the end reads back all it ever wrote through each path. Its initiator is our own, with
// multipath over the portals, or QEMU's, which has a path of its own at each.
import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { formatFaults, isClean, Verifier, type VerifierOptions } from "@ashlar/initiator";
import { MeasuredDevice, type OperationMeter, StallMeter } from "@ashlar/lab";
import { nodeClock } from "@ashlar/runtime";
import { type InitiatorKind, type LoadHost, openLoadHost } from "./load-host.ts";
import type { TestLab, VolumeDocument } from "./test-lab.ts";

/**
 * Operations come in bursts with pauses between: a drill shows what a fault costs, which a machine
 * whose processors are all taken would hide. Pauses count into the gaps.
 */
const BURST_OPERATIONS = 8;
const BURST_PAUSE_MS = 25;
const DEPTH = 4;
const LENGTH_MAX = 64 * 1024;
const VOLUME_SIZE = "128MiB";
/** Around a border of chunks, and small enough to be read back in no time. */
const USED_OFFSET = 56 * 1024 * 1024;
const USED_LENGTH = 16 * 1024 * 1024;

export interface LoadOptions {
  readonly initiator?: InitiatorKind;
  /** Sees every operation of the host, too. */
  readonly meter?: OperationMeter;
  /** Options of the volume's creation. */
  readonly volume?: readonly string[];
  /** What is done with it, where that is not what drills do. */
  readonly work?: Partial<Pick<VerifierOptions, "offset" | "length" | "writePercent">>;
  /** 0: without pauses, for a drill about much that is asked. */
  readonly pauseMs?: number;
}

export interface LoadReport {
  readonly operations: number;
  /** Operations that failed at the initiator. */
  readonly errors: number;
  /** What an initiator has to swallow: lost paths, commands repeated or timed out. */
  readonly incidents: number;
  /** Longest time between two completions while there was something to do. */
  readonly gapMs: number;
  /** Whether all that was read was right. */
  readonly clean: boolean;
  /** One line for people. */
  readonly text: string;
}

export class VerifiedLoad {
  /** Stalls of this load between any two moments of a drill. */
  readonly stalls = new StallMeter();
  readonly volume: VolumeDocument;
  private readonly host: LoadHost;
  private readonly verifier: Verifier;
  private readonly pauseMs: number;
  private readonly ended = new AbortController();
  private readonly running: Promise<void>;

  private constructor(
    volume: VolumeDocument,
    host: LoadHost,
    { meter, work = {}, pauseMs = BURST_PAUSE_MS }: LoadOptions,
  ) {
    this.volume = volume;
    this.host = host;
    this.pauseMs = pauseMs;
    const paths = host.paths.map(({ name, device }) => ({
      name,
      device: this.stalls.measure(meter ? new MeasuredDevice(device, meter) : device),
    }));
    const runId = Date.now();
    const used = { offset: USED_OFFSET, length: USED_LENGTH, lengthMax: LENGTH_MAX };
    const options = { seed: 1, runId, depth: DEPTH, ...used, ...work };
    this.verifier = new Verifier({ paths, clock: nodeClock }, options);
    this.running = this.work();
  }

  /** Makes a volume of its own and begins. */
  static async start(lab: TestLab, name: string, options: LoadOptions = {}): Promise<VerifiedLoad> {
    const volume = await lab.createVolume(name, VOLUME_SIZE, ...(options.volume ?? []));
    return VerifiedLoad.on(lab, volume, options);
  }

  /** Begins on a volume that is there and was not used yet. */
  static async on(
    lab: TestLab,
    volume: VolumeDocument,
    options: LoadOptions = {},
  ): Promise<VerifiedLoad> {
    const host = await openLoadHost(options.initiator ?? "own", lab, volume);
    return new VerifiedLoad(volume, host, options);
  }

  /** Operations completed so far. */
  get operations(): number {
    const { read, write, unmap } = this.verifier.report().operations;
    return read.count + write.count + unmap.count;
  }

  /** Ends the work, reads everything back, and says how it went. */
  async stop(): Promise<LoadReport> {
    await this.end();
    const during = this.verifier.report();
    const { operations } = this;
    const { signal } = new AbortController();
    await this.verifier.readBack({ paths: await this.host.readBackPaths(), signal });
    const counts = Object.entries(this.host.incidents()).filter(([, count]) => count > 0);
    await this.host.logout();
    const after = this.verifier.report();
    const incidents = counts.reduce((sum, [, count]) => sum + count, 0);
    const gapMs = Math.ceil(during.longestStallMs) + BURST_PAUSE_MS;
    const text =
      `${operations} operations in ${Math.round(during.elapsedMs / 1000)} s, ` +
      `${after.errorCount} initiator errors, longest gap ${gapMs} ms, ` +
      `incidents: ${counts.map(([kind, count]) => `${kind} ${count}`).join(", ") || "none"}; ` +
      `${after.unitsChecked} blocks checked: ${formatFaults(after)}` +
      after.errors.map(({ operation, code, message }) => `\n  ${operation} ${code} ${message}`);
    return { operations, errors: after.errorCount, incidents, gapMs, clean: isClean(after), text };
  }

  /** Ends the work without a word, for a drill that failed. */
  async drop(): Promise<void> {
    this.ended.abort();
    await this.host.drop();
    await this.running;
  }

  /** Bursts under way come to their end: what is acknowledged counts. */
  private async end(): Promise<void> {
    this.ended.abort();
    await this.running;
  }

  private async work(): Promise<void> {
    const { signal } = this.ended;
    const { signal: never } = new AbortController();
    // Each operation under way listens to it, and an initiator's parts of it do.
    setMaxListeners(16 * DEPTH, never);
    while (!signal.aborted) {
      await this.verifier.run({ operations: BURST_OPERATIONS, signal: never });
      if (this.pauseMs === 0) continue;
      await setTimeout(this.pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** Runs a drill under load and reports. */
export async function underLoad(
  lab: TestLab,
  name: string,
  drill: (load: VerifiedLoad) => Promise<void>,
  options?: LoadOptions,
): Promise<LoadReport> {
  const load = await VerifiedLoad.start(lab, name, options);
  try {
    await drill(load);
  } catch (thrown) {
    await load.drop();
    throw thrown;
  }
  return load.stop();
}
