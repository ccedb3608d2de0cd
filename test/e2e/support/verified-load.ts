// A host at work for as long as a drill lasts: it reads and writes over both portals, checks all it
// reads, and at the end reads back all it ever wrote through each path.
import { setTimeout } from "node:timers/promises";
import {
  formatFaults,
  INCIDENT_KINDS,
  type IncidentKind,
  isClean,
  type MultipathDevice,
  openMultipath,
  parsePortal,
  Verifier,
} from "@ashlar/initiator";
import { nodeClock } from "@ashlar/runtime";
import type { TestLab } from "./test-lab.ts";

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
/** Every path reports this once after its login. */
const EXPECTED: readonly IncidentKind[] = ["unit-attention"];

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
  private readonly device: MultipathDevice;
  private readonly verifier: Verifier;
  private readonly ended = new AbortController();
  private readonly running: Promise<void>;

  private constructor(device: MultipathDevice, verifier: Verifier) {
    this.device = device;
    this.verifier = verifier;
    this.running = this.work();
  }

  /** Makes a volume of its own and begins. */
  static async start(lab: TestLab, name: string): Promise<VerifiedLoad> {
    const { iqn: targetName, lun } = await lab.createVolume(name, VOLUME_SIZE);
    const device = await openMultipath({
      portals: lab.portals.map(parsePortal),
      targetName,
      lun,
      initiatorName: "iqn.2026-11.example:drill",
    });
    const paths = [{ name: "both", device: await device.unit() }];
    const runId = Date.now();
    const used = { offset: USED_OFFSET, length: USED_LENGTH, lengthMax: LENGTH_MAX };
    const options = { seed: 1, runId, depth: DEPTH, ...used };
    return new VerifiedLoad(device, new Verifier({ paths, clock: nodeClock }, options));
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
    await this.verifier.readBack({ paths: await this.device.unitsByPath(), signal });
    const { counts } = this.device.incidents;
    await this.device.logout();
    const after = this.verifier.report();
    const unexpected = INCIDENT_KINDS.filter((kind) => !EXPECTED.includes(kind));
    const incidents = unexpected.reduce((sum, kind) => sum + counts[kind], 0);
    const gapMs = Math.ceil(during.longestStallMs) + BURST_PAUSE_MS;
    const listed = unexpected.filter((kind) => counts[kind] > 0);
    const text =
      `${operations} operations in ${Math.round(during.elapsedMs / 1000)} s, ` +
      `${after.errorCount} initiator errors, longest gap ${gapMs} ms, ` +
      `incidents: ${listed.map((kind) => `${kind} ${counts[kind]}`).join(", ") || "none"}; ` +
      `${after.unitsChecked} blocks checked: ${formatFaults(after)}` +
      after.errors.map(({ operation, code, message }) => `\n  ${operation} ${code} ${message}`);
    return { operations, errors: after.errorCount, incidents, gapMs, clean: isClean(after), text };
  }

  /** Ends the work without a word, for a drill that failed. */
  async drop(): Promise<void> {
    await this.end();
    await this.device.close();
  }

  private async end(): Promise<void> {
    this.ended.abort();
    await this.running;
  }

  private async work(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      await this.verifier.run({ operations: BURST_OPERATIONS, signal });
      await setTimeout(BURST_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
}

/** Runs a drill under load and reports. */
export async function underLoad(
  lab: TestLab,
  name: string,
  drill: (load: VerifiedLoad) => Promise<void>,
): Promise<LoadReport> {
  const load = await VerifiedLoad.start(lab, name);
  try {
    await drill(load);
  } catch (thrown) {
    await load.drop();
    throw thrown;
  }
  return load.stop();
}
