// The opening side of carriers: asks the peer's ChunkService for a ticket, then presents it on a
// plain socket or on a Carry stream. Each dial has a channel of its own: a carrier never waits for
// another one's bulk or back-off.
//
// There may be several ways to a peer, see carrier-ways.ts. They are tried one after the other, and a carrier that falls
// silent is closed as soon as that, since the next dial finds another way: to both ends it is a carrier like any other.
// So is one on a way that is not the preferred one, when that is well again: it is closed, and dialled anew.
import { type ClusterId, nodeId, SystemError, toSystemError } from "@ashlar/core";
import { type Clock, type Log, nodeClock, type Random, type Timer } from "@ashlar/runtime";
import type { ByteStream } from "./byte-stream.ts";
import {
  type Carrier,
  type CarrierDialer,
  type CarrierKind,
  type CarrierPeer,
  type CarrierPurpose,
  FRAME_VERSION,
} from "./carrier.ts";
import type { CarrierSelf } from "./carrier-server.ts";
import { openCall, openSocket } from "./carrier-streams.ts";
import { agreedVersion, agreeOnVersion, SPOKEN, type SpokenVersions } from "./carrier-versions.ts";
import { CarrierWays, type Way } from "./carrier-ways.ts";
import { chunkService } from "./chunk-service.ts";
import { FrameCarrier } from "./frame-carrier.ts";
import type { OpenCarrierReply__Output } from "./gen/ashlar/v1/OpenCarrierReply.ts";
import { GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { nodeNetwork } from "./node-network.ts";
import type { Path } from "./path-silences.ts";
import { PathWatch } from "./path-watch.ts";

export interface CarrierDialerOptions {
  readonly self: CarrierSelf;
  readonly clusterId: ClusterId;
  /** Which of the two carriers to open. */
  readonly kind: CarrierKind;
  readonly random: Random;
  readonly log: Log;
  readonly clock?: Clock;
  /** What this program speaks if absent. */
  readonly versions?: SpokenVersions;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

interface Authorised {
  readonly reply: OpenCarrierReply__Output;
  /** Of the purpose's messages. */
  readonly version: number;
}

/** A node that cannot be reached by then is not worth waiting for: the caller tries again. */
const DIAL_TIMEOUT_MS = 3_000;
/** Of that, what a way may take while there is another one to try: far more than a round trip and a start. */
const WAY_TIMEOUT_MS = 1_000;
/** A peer that was silent stays so until the next dial has ended, if one begins within a second or so. */
const UNREACHED_MS = DIAL_TIMEOUT_MS + 2_000;

export interface ClosableCarrierDialer extends CarrierDialer {
  /** Addresses of whom this process is connected to, or tries to be, and of which it hears nothing. */
  silentPeers(): readonly string[];
  /** Ways that are not heard, to peers that are reached over others. */
  lostPaths(): readonly Path[];
  close(): void;
}

export function createCarrierDialer(options: CarrierDialerOptions): ClosableCarrierDialer {
  return new RpcCarrierDialer(options);
}

class RpcCarrierDialer implements ClosableCarrierDialer {
  private readonly options: CarrierDialerOptions;
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly log: Log;
  /** Open ones, with the way that they go. */
  private readonly carriers = new Map<FrameCarrier, Way>();
  private readonly ways = new CarrierWays({ keptMs: UNREACHED_MS });
  private readonly watch: PathWatch;
  private readonly closing = new AbortController();

  constructor(options: CarrierDialerOptions) {
    this.options = options;
    this.clock = options.clock ?? nodeClock;
    this.network = options.network ?? nodeNetwork;
    this.log = options.log.child({ component: "carrier-dialer" });
    const { clock, network, log } = this;
    this.watch = new PathWatch(
      { clock, network, log },
      {
        isUsed: (address) => [...this.carriers.values()].some((way) => way.address === address),
        onWell: (path, claim) => void this.onWell(path, claim),
      },
    );
  }

  async dial(
    address: string,
    purpose: CarrierPurpose,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Carrier> {
    const endMs = this.clock.nowMs() + DIAL_TIMEOUT_MS;
    const tried = new Set<string>();
    // What the peer tells on the way may be that there are other ways.
    const untried = (): readonly Way[] =>
      this.ways.inOrder(address, this.clock.nowMs()).filter(({ path }) => !tried.has(path));
    let refused: unknown = new SystemError("rpc/unavailable", `${address} is no address`);
    for (let left = untried(); left[0]; left = untried()) {
      const [way] = left;
      tried.add(way.path);
      const leftMs = endMs - this.clock.nowMs();
      const limitMs = left.length === 1 ? leftMs : Math.min(WAY_TIMEOUT_MS, leftMs / left.length);
      try {
        const onWay = ({ path }: Way): void => void tried.add(path);
        return await this.dialOver(way, purpose, { signal, limitMs, onWay });
      } catch (thrown) {
        refused = thrown;
        if (signal.aborted || this.closing.signal.aborted || untried().length === 0) break;
        const { path } = way;
        const { code } = toSystemError(thrown);
        this.log.warn({ address, path, code }, "no carrier over this path: the next one is tried");
      }
    }
    throw refused;
  }

  private async dialOver(
    asked: Way,
    purpose: CarrierPurpose,
    {
      signal,
      limitMs,
      onWay,
    }: {
      readonly signal: AbortSignal;
      readonly limitMs: number;
      /** Told which it is when the peer has answered: that one, unless it has told others. */
      readonly onWay: (way: Way) => void;
    },
  ): Promise<Carrier> {
    let way = asked;
    let isAnswered = false;
    const limit = new AbortController();
    const within = (ms: number): Timer =>
      this.clock.after(ms, () =>
        limit.abort(new SystemError("rpc/unavailable", `${way.path}: no carrier in ${ms} ms`)),
      );
    const timeouts = [within(limitMs)];
    const giveUp = AbortSignal.any([signal, limit.signal, this.closing.signal]);
    try {
      return await this.open(asked, purpose, {
        signal: giveUp,
        onWay: (meant) => {
          way = meant;
          isAnswered = true;
          onWay(meant);
          // There are other ways than was known when the limit was set.
          const isNew = meant.path !== asked.path && this.ways.of(meant.address).length > 1;
          if (isNew) timeouts.push(within(WAY_TIMEOUT_MS));
        },
      });
    } catch (thrown) {
      const error = giveUp.aborted
        ? toSystemError(giveUp.reason, "operation/aborted")
        : toSystemError(thrown);
      if (limit.signal.aborted) {
        this.ways.silent(way, this.clock.nowMs());
        // Where no call was answered, nothing is known of the way of the data.
        if (isAnswered || way.callAt === way.path) this.watch.missed(way);
      }
      if (error.code !== "rpc/disconnected") throw error;
      const { address, path } = way;
      throw new SystemError("rpc/unavailable", `${path}: ${error.message}`, { address }, error);
    } finally {
      for (const timeout of timeouts) timeout.cancel();
    }
  }

  silentPeers(): readonly string[] {
    const silent = new Set(this.ways.lost(this.clock.nowMs()));
    // One with another way is not given up while that has not been tried.
    for (const [carrier, { address }] of this.carriers) {
      if (carrier.isSilent && this.ways.of(address).length === 1) silent.add(address);
    }
    return [...silent];
  }

  lostPaths(): readonly Path[] {
    return this.watch.lost();
  }

  /** Closes every carrier this dialer opened; later dials are refused. */
  close(): void {
    const reason = new SystemError("rpc/unavailable", "the process stops");
    this.closing.abort(reason);
    for (const carrier of [...this.carriers.keys()]) carrier.close(reason);
    this.watch.close();
  }

  /** Closes a carrier on a less preferred way, if there is one: what is under way on it is sent again over this one. */
  private async onWell({ address, path }: Path, claim: () => boolean): Promise<void> {
    const ways = this.ways.of(address);
    const rank = ways.findIndex((way) => way.path === path);
    const [better, worse] = [ways[rank], new Set(ways.slice(rank + 1).map((way) => way.path))];
    const found = [...this.carriers].find(
      ([, way]) => way.address === address && worse.has(way.path),
    );
    if (!better || !found) return;
    const [carrier, { path: from }] = found;
    // One that is at work is not closed where the next one cannot be asked for.
    const client = this.clientFor(better);
    try {
      await this.authorise(client, carrier.purpose, this.closing.signal);
    } catch {
      return;
    } finally {
      client.close();
    }
    if (!this.carriers.has(carrier) || !claim()) return;
    this.ways.heard(better);
    this.log.info({ address, path, from }, "a preferred network path is well again");
    carrier.close(new SystemError("rpc/disconnected", `${path} is well again, and preferred`));
  }

  private clientFor({ address, callAt }: Way): GrpcClient {
    const { network } = this;
    const { clusterId } = this.options;
    return new GrpcClient({ address: callAt, ofSeveral: callAt !== address, clusterId, network });
  }

  /** @throws SystemError rpc/version, cluster/wrong-cluster, node/busy, rpc/unavailable. */
  private async authorise(
    client: GrpcClient,
    purpose: CarrierPurpose,
    signal: AbortSignal,
  ): Promise<Authorised> {
    const { self, clusterId, kind, versions = SPOKEN } = this.options;
    const { oldest, newest } = versions[purpose];
    const reply = await client.unary(
      chunkService.OpenCarrier,
      {
        frameVersion: FRAME_VERSION,
        purpose,
        kind,
        cluster: clusterId,
        node: self.node,
        incarnation: self.incarnation(),
        oldestVersion: oldest,
        newestVersion: newest,
      },
      { signal, deadlineMs: DIAL_TIMEOUT_MS },
    );
    const told = agreedVersion(purpose, reply.version);
    return {
      reply,
      version: agreeOnVersion(purpose, versions[purpose], { oldest: told, newest: told }),
    };
  }

  private async open(
    asked: Way,
    purpose: CarrierPurpose,
    { signal, onWay }: { readonly signal: AbortSignal; readonly onWay: (way: Way) => void },
  ): Promise<Carrier> {
    const { kind } = this.options;
    const { network } = this;
    const client = this.clientFor(asked);
    let way = asked;
    let stream: ByteStream;
    let authorised: Authorised;
    try {
      authorised = await this.authorise(client, purpose, signal);
      const { reply } = authorised;
      way = this.ways.learn(asked, reply.hosts, this.clock.nowMs());
      onWay(way);
      stream =
        kind === "socket"
          ? await openSocket(network, { host: way.host, reply, signal })
          : await openCall(client, reply, signal);
    } catch (thrown) {
      client.close();
      throw thrown;
    }
    const { reply, version } = authorised;
    if (kind === "socket") client.close();
    const peer = { node: nodeId(reply.node), incarnation: Number(reply.incarnation) };
    this.ways.heard(way);
    this.follow(way.address, reply);
    return this.carrier(stream, way, { purpose, version, peer, client });
  }

  /** Looks at the other ways, too, as long as there is a carrier on one of them, if the peer answers that. */
  private follow(address: string, { port, version }: OpenCarrierReply__Output): void {
    const hosts = this.ways.of(address);
    const isAnswered = this.options.kind === "socket" && version > 0;
    if (hosts.length > 1 && isAnswered) this.watch.follow(address, { hosts, port });
    else this.watch.unfollow(address);
  }

  private carrier(
    stream: ByteStream,
    way: Way,
    {
      purpose,
      version,
      peer,
      client,
    }: {
      readonly purpose: CarrierPurpose;
      readonly version: number;
      readonly peer: CarrierPeer;
      readonly client: GrpcClient;
    },
  ): Carrier {
    const { kind } = this.options;
    const { clock } = this;
    const { address, path } = way;
    const rest = { pausesReading: false, hasOtherPath: this.ways.of(address).length > 1 };
    const carrier = new FrameCarrier({ stream, kind, purpose, version, peer, clock, ...rest });
    this.carriers.set(carrier, way);
    const facts = { kind, purpose, peer: peer.node, path, incarnation: peer.incarnation };
    this.log.info(facts, "carrier opened");
    carrier.onClose((reason) => {
      this.carriers.delete(carrier);
      if (carrier.timedOut) {
        this.ways.silent(way, this.clock.nowMs());
        this.watch.missed(way);
      }
      client.close();
      this.log.info({ ...facts, reason: reason.message }, "carrier closed");
    });
    return carrier;
  }
}
