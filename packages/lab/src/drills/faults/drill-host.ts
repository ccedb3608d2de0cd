// A host at work on one volume of a drill, through every portal: our own initiator with default timers and
// round-robin multipath. Self-verifying writers work around borders of chunks, so that every chunk of the volume is
// written and read while something breaks. They work in bursts with pauses between: a drill shows what a fault costs,
// which a machine whose processors are all taken would hide.
import { setMaxListeners } from "node:events";
import { MIB } from "@ashlar/core";
import {
  formatPortal,
  type MultipathDependencies,
  type MultipathDevice,
  openMultipath,
  type PortalAddress,
  Verifier,
  type VerifierReport,
} from "@ashlar/initiator";
import { type Clock, sleep } from "@ashlar/runtime";
import { PathLog } from "./path-log.ts";
import { type Stall, StallMeter } from "./stall-meter.ts";

/** A volume as its host finds it. */
export interface HostVolume {
  readonly name: string;
  readonly iqn: string;
  readonly lun: number;
  readonly sizeBytes: number;
  readonly replicas: number;
}

export interface HostPortal {
  readonly gateway: string;
  readonly portal: PortalAddress;
}

export interface DrillHostOptions {
  readonly host: string;
  readonly volume: HostVolume;
  readonly portals: readonly HostPortal[];
  readonly chunkSize: number;
  readonly seed: number;
  /** Identity of the drill in every block that is written, below 2^48. */
  readonly runId: number;
  /** What times are counted from, of the clock. */
  readonly originMs: number;
}

export type DrillHostDependencies = MultipathDependencies & { readonly clock: Clock };

/** Chunks of a drill's volume: two borders, four chunks, so that each of four nodes leads one. */
export const CHUNKS_OF_VOLUME = 4;
const BURST_OPERATIONS = 8;
const BURST_PAUSE_MS = 25;
const DEPTH = 2;
const LENGTH_MAX = 64 * 1024;
/** What a writer uses on either side of its border: small enough to be read back in no time. */
const REACH = 2 * MIB;
const UNIT_SIZE = 4096;

/** Where writers work: around every second border, so that each chunk has one. Pure. */
export function writerPlaces({
  chunkSize,
  sizeBytes,
}: {
  readonly chunkSize: number;
  readonly sizeBytes: number;
}): { readonly offset: number; readonly length: number }[] {
  const reach = Math.min(REACH, chunkSize);
  const places: { offset: number; length: number }[] = [];
  for (let border = chunkSize; border < sizeBytes; border += 2 * chunkSize) {
    places.push({
      offset: border - reach,
      length: Math.min(2 * reach, sizeBytes - border + reach),
    });
  }
  return places.length > 0 ? places : [{ offset: 0, length: sizeBytes }];
}

export class DrillHost {
  readonly host: string;
  readonly volume: HostVolume;
  /** Of the volume: all paths together. */
  readonly meter: StallMeter;
  readonly paths: PathLog;
  /** What times of the verifiers' reports are counted from, in milliseconds since the origin. */
  readonly verifiersAtMs: number;
  private readonly clock: Clock;
  private readonly device: MultipathDevice;
  private readonly verifiers: readonly Verifier[];
  private readonly gateways: ReadonlyMap<string, string>;
  private readonly ended = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    { clock }: { readonly clock: Clock },
    { host, volume }: DrillHostOptions,
    made: {
      readonly device: MultipathDevice;
      readonly paths: PathLog;
      readonly meter: StallMeter;
      readonly verifiers: readonly Verifier[];
      readonly verifiersAtMs: number;
      readonly gateways: ReadonlyMap<string, string>;
    },
  ) {
    this.clock = clock;
    this.host = host;
    this.volume = volume;
    this.device = made.device;
    this.paths = made.paths;
    this.meter = made.meter;
    this.verifiers = made.verifiers;
    this.verifiersAtMs = made.verifiersAtMs;
    this.gateways = made.gateways;
  }

  /** Logs in at every portal. @throws SystemError when none lets it in. */
  static async open(deps: DrillHostDependencies, options: DrillHostOptions): Promise<DrillHost> {
    const { volume, host, portals, chunkSize, seed, runId, originMs } = options;
    const { clock } = deps;
    const names = new Map(portals.map(({ gateway, portal }) => [formatPortal(portal), gateway]));
    const paths = new PathLog(clock, originMs, [...names.keys()]);
    const device = await openMultipath(
      {
        portals: portals.map(({ portal }) => portal),
        targetName: volume.iqn,
        lun: volume.lun,
        initiatorName: `iqn.2026-11.io.ashlar.drill:${host}`,
      },
      { ...deps, observer: paths },
    );
    const meter = new StallMeter(clock, { originMs });
    const measured = meter.measure(await device.unit());
    const verifiersAtMs = clock.nowMs() - originMs;
    const verifiers = writerPlaces({ ...volume, chunkSize }).map((place, writer) => {
      const settings = { unitSize: UNIT_SIZE, depth: DEPTH, lengthMax: LENGTH_MAX };
      return new Verifier(
        { paths: [{ name: ANY_PATH, device: measured }], clock },
        { ...settings, ...place, seed: seed + writer, runId, writer, borderSize: chunkSize },
      );
    });
    return new DrillHost(deps, options, {
      device,
      paths,
      meter,
      verifiers,
      verifiersAtMs,
      gateways: names,
    });
  }

  /** Begins the work. */
  work(): void {
    this.running = Promise.all(this.verifiers.map((verifier) => this.workOn(verifier)));
  }

  /** Ends the work; what is under way comes to its end, since what is acknowledged counts. */
  async rest(): Promise<void> {
    this.ended.abort();
    await this.running;
  }

  /** Operations completed so far. */
  get operations(): number {
    return this.meter.completions.total;
  }

  /** The gateway behind a path. */
  gatewayOf(path: string): string {
    return this.gateways.get(path) ?? path;
  }

  /** Everything that was ever written, through each path that is up by itself; returns their names. */
  async readBack({ signal }: { readonly signal: AbortSignal }): Promise<string[]> {
    const paths = await this.device.unitsByPath();
    for (const verifier of this.verifiers) await verifier.readBack({ paths, signal });
    return paths.map(({ name }) => name);
  }

  reports(): VerifierReport[] {
    return this.verifiers.map((verifier) => verifier.report());
  }

  get incidents(): Readonly<Record<string, number>> {
    return this.device.incidents.counts;
  }

  /** The longest stall since the last call. */
  takeStall(): Stall {
    return this.meter.takeStall();
  }

  async logout(): Promise<void> {
    await this.rest();
    this.paths.end();
    await this.device.logout();
  }

  /** Ends without a word. */
  async drop(): Promise<void> {
    this.ended.abort();
    this.paths.end();
    await this.device.close();
    await this.running;
  }

  private async workOn(verifier: Verifier): Promise<void> {
    const { signal } = this.ended;
    const { signal: never } = new AbortController();
    // Each operation under way listens to it, and an initiator's parts of it do.
    setMaxListeners(16 * DEPTH, never);
    while (!signal.aborted) {
      await verifier.run({ operations: BURST_OPERATIONS, signal: never });
      await sleep(this.clock, BURST_PAUSE_MS, { signal }).catch(() => {});
    }
  }
}

/** What a fault is attributed to that was found while the paths took turns. */
export const ANY_PATH = "any path";
