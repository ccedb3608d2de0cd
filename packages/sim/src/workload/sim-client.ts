// A host with several paths to its volumes: one command at a time, sent over the path that worked last. It
// gives up a path that does not answer, or whose gateway died, and sends the same again over another; what
// was sent on the first may then still take effect, or not.
import {
  AssertionError,
  type BlockDevice,
  type OperationOptions,
  toSystemError,
  type VolumeId,
} from "@ashlar/core";
import type { GatewayNode } from "@ashlar/gateway";
import type { Random } from "@ashlar/runtime";
import type { SimProcess } from "../cluster/sim-process.ts";
import type { SimNetwork } from "../network/sim-network.ts";
import type { World } from "../world/world.ts";
import { HostPath } from "./host-path.ts";
import { BLOCK, stamped, ZEROS } from "./stamps.ts";
import type { Deed, Range, VolumeHistory } from "./volume-history.ts";

export interface ClientVolume {
  readonly volume: VolumeId;
  readonly name: string;
  /** Of its target. */
  readonly iqn: string;
  /** First blocks of the ranges that are used. */
  readonly places: readonly number[];
}

export interface ClientFigures {
  acked: number;
  reads: number;
  writes: number;
  unmaps: number;
  swaps: number;
  miscompares: number;
  givenUp: number;
  failed: number;
  pathChanges: number;
}

export const noClientFigures = (): ClientFigures => ({
  acked: 0,
  reads: 0,
  writes: 0,
  unmaps: 0,
  swaps: 0,
  miscompares: 0,
  givenUp: 0,
  failed: 0,
  pathChanges: 0,
});

export interface ClientOptions {
  readonly name: string;
  readonly volumes: () => readonly ClientVolume[];
  /** Longest pause between two commands. */
  readonly thinkMs: number;
  /** How long a path may take before another one is tried. */
  readonly patienceMs: number;
}

/** L2: a gateway that runs answers within this, come what may; some for the way and for a slow clock. */
export const ANSWER_MAX_MS = 25_000;
/** Blocks of the longest command. */
const BLOCKS_MAX = 24;
const BLOCKS_PER_UNIT = 8;

/** What is to be done; each attempt is a deed of its own, with a stamp of its own. */
type Command = Omit<Deed, "client" | "startedMs" | "stamp">;

/** One attempt of a command. */
interface Attempt {
  readonly deed: Deed;
  readonly gateway: SimProcess<GatewayNode>;
  readonly abort: AbortController;
  path: HostPath | undefined;
  settled: boolean;
}

const WRITES: ReadonlySet<Deed["kind"]> = new Set(["write", "swap"]);

export class SimClient {
  private readonly world: World;
  private readonly random: Random;
  private readonly options: ClientOptions;
  private readonly gateways: readonly SimProcess<GatewayNode>[];
  private readonly history: VolumeHistory;
  private readonly figures: ClientFigures;
  private readonly stamps: { next: number };
  private readonly network: SimNetwork;
  private path: number;
  private attempt: Attempt | undefined;
  private ending = false;

  constructor(
    deps: {
      readonly world: World;
      readonly network: SimNetwork;
      readonly gateways: readonly SimProcess<GatewayNode>[];
      readonly history: VolumeHistory;
      readonly figures: ClientFigures;
      /** Shared by all clients: no stamp is given twice. */
      readonly stamps: { next: number };
    },
    options: ClientOptions,
  ) {
    this.world = deps.world;
    this.network = deps.network;
    this.gateways = deps.gateways;
    this.history = deps.history;
    this.figures = deps.figures;
    this.stamps = deps.stamps;
    this.options = options;
    this.random = deps.world.randomFor(options.name);
    this.path = this.random.below(deps.gateways.length);
  }

  get isIdle(): boolean {
    return this.attempt === undefined;
  }

  start(): void {
    this.think();
  }

  /** No new commands; the one under way comes to its end. */
  finish(): void {
    this.ending = true;
  }

  /** Reads a range until that succeeds. */
  readNow(range: Range, done: () => void): void {
    this.send({ ...range, kind: "read", expected: 0 }, done);
  }

  private think(): void {
    const pauseMs = (this.random.below(1000) / 1000) * this.options.thinkMs;
    this.world.after(pauseMs, undefined, () => {
      if (this.ending) return;
      const command = this.next();
      if (command) this.send(command, () => this.think());
      else this.think();
    });
  }

  private next(): Command | undefined {
    const volumes = this.options.volumes();
    if (volumes.length === 0) return undefined;
    const { name, places } = this.pick(volumes);
    const place = this.pick(places);
    const unit = { volume: name, firstBlock: place, blocks: BLOCKS_PER_UNIT };
    const within = this.random.below(BLOCKS_PER_UNIT);
    const one = { volume: name, firstBlock: place + within, blocks: 1 };
    switch (this.random.below(10)) {
      case 0:
      case 1:
      case 2:
        return { ...unit, kind: "read", expected: 0 };
      case 3:
        return { ...unit, kind: "unmap", expected: 0 };
      case 4:
      case 5: {
        const expected = this.history.seenIn(name, one.firstBlock);
        return { ...one, kind: "swap", expected };
      }
      case 6:
      case 7: {
        const blocks = 1 + this.random.below(BLOCKS_MAX);
        const part = { volume: name, firstBlock: place + within, blocks };
        return { ...part, kind: "write", expected: 0 };
      }
      default:
        return { ...unit, kind: "write", expected: 0 };
    }
  }

  private stamp(range: Range): number {
    this.stamps.next += 1;
    this.history.onStamp(this.stamps.next, range);
    return this.stamps.next;
  }

  /** Sends it until it is done. */
  private send(command: Command, done: () => void): void {
    const { world } = this;
    const gateway = this.gateways[this.path];
    const volume = this.options.volumes().find(({ name }) => name === command.volume);
    if (!gateway || !volume) {
      done();
      return;
    }
    const stamp = WRITES.has(command.kind) ? this.stamp(command) : ZEROS;
    const deed: Deed = { ...command, stamp, client: this.options.name, startedMs: world.nowMs };
    const abort = new AbortController();
    const attempt: Attempt = { deed, gateway, abort, path: undefined, settled: false };
    this.attempt = attempt;
    const settle = (record: () => void, again: boolean): void => {
      if (attempt.settled) return;
      attempt.settled = true;
      attempt.path?.leave();
      forget();
      patience.cancel();
      this.attempt = undefined;
      record();
      if (again) this.retry(command, done);
      else done();
    };
    const giveUp = (): void => this.history.givenUp(deed, world.nowMs);
    const forget = gateway.onEnd(() => settle(giveUp, true));
    const patience = world.after(this.options.patienceMs, undefined, () => {
      this.figures.givenUp += 1;
      // Some hosts abort what they give up, others only turn away.
      if (this.random.below(2) === 0) gateway.run(() => attempt.abort.abort());
      settle(giveUp, true);
    });
    const isGiven = gateway.run((node) => this.perform(node, { attempt, volume }, settle));
    if (!isGiven) settle(() => {}, true);
  }

  private retry(command: Command, done: () => void): void {
    this.path = (this.path + 1) % this.gateways.length;
    this.figures.pathChanges += 1;
    const isUp = this.gateways[this.path]?.isUp ?? false;
    const pauseMs = isUp ? this.world.between(1, 50) : this.world.between(50, 500);
    this.world.after(pauseMs, undefined, () => this.send(command, done));
  }

  private perform(
    node: GatewayNode,
    { attempt, volume }: { readonly attempt: Attempt; readonly volume: ClientVolume },
    settle: (record: () => void, again: boolean) => void,
  ): void {
    const { deed, abort, gateway } = attempt;
    const began = this.world.nowMs;
    const path = this.openPath(gateway);
    if (!path) return;
    attempt.path = path;
    if (attempt.settled) path.leave();
    const late = this.world.after(ANSWER_MAX_MS, undefined, () => {
      // Its death cancels nothing here: whoever is another process owes no answer.
      if (gateway.node !== node || gateway.undisturbedSinceMs > began) return;
      this.world.fail(new AssertionError(`L2: ${gateway.name} owes ${deed.client} an answer`));
    });
    this.command(node, volume, { deed, options: { signal: abort.signal, path } }).then(
      (bytes) => {
        late.cancel();
        settle(() => this.onDone(deed, bytes), false);
      },
      (thrown: unknown) => {
        late.cancel();
        const error = toSystemError(thrown);
        if (error.code === "internal") this.world.fail(thrown);
        const tookMs = this.world.nowMs - began;
        this.world.tell?.(
          `${deed.client} ${deed.kind} failed after ${tookMs} ms: ${error.code} ${error.message}`,
        );
        if (error.code === "operation/miscompare") {
          this.figures.acked += 1;
          this.figures.miscompares += 1;
          settle(() => this.history.miscompared(deed, this.world.nowMs), false);
          return;
        }
        this.figures.failed += 1;
        // It was rejected because it can take effect no more: what it did, it did by now.
        settle(
          () => this.history.givenUp(deed, this.world.nowMs),
          error.code !== "volume/not-found",
        );
      },
    );
  }

  /**
   * The way back to the host. A command is of its connection's beginning: what the gateway sent before it
   * was acknowledged with it, so at first nothing is proved.
   */
  private openPath(gateway: SimProcess<GatewayNode>): HostPath | undefined {
    const { life, clock } = gateway;
    if (!life || !clock) return undefined;
    const { network } = this;
    const host = this.options.name;
    const ports = { network, host, gateway: gateway.name, life, clock };
    return new HostPath(ports, Number.NEGATIVE_INFINITY);
  }

  private onDone(deed: Deed, bytes: Buffer | undefined): void {
    const now = this.world.nowMs;
    const { figures, history } = this;
    figures.acked += 1;
    if (deed.kind === "read") {
      figures.reads += 1;
      try {
        history.read(deed, bytes ?? Buffer.alloc(0), now);
      } catch (thrown) {
        this.world.fail(thrown);
      }
      return;
    }
    if (deed.kind === "write") figures.writes += 1;
    else if (deed.kind === "unmap") figures.unmaps += 1;
    else figures.swaps += 1;
    history.written(deed, now);
  }

  private async command(
    node: GatewayNode,
    { volume }: ClientVolume,
    { deed, options }: { readonly deed: Deed; readonly options: OperationOptions },
  ): Promise<Buffer | undefined> {
    const device: BlockDevice = node.openDevice(volume);
    const offset = deed.firstBlock * BLOCK;
    const length = deed.blocks * BLOCK;
    const bytes = (stamp: number): Buffer[] => [stamped(stamp, deed.firstBlock, deed.blocks)];
    switch (deed.kind) {
      case "read":
        return Buffer.concat([...(await device.read(offset, length, options))]);
      case "unmap":
        await device.unmapBlocks(offset, length, options);
        return undefined;
      case "swap":
        await device.compareAndWrite(offset, bytes(deed.expected), bytes(deed.stamp), options);
        return undefined;
      case "write":
        await device.write(offset, bytes(deed.stamp), options);
        return undefined;
    }
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)] as T;
  }
}
