// The opening side of carriers: asks the peer's ChunkService for a ticket, then presents it on a
// plain socket or on a Carry stream. Each dial has a channel of its own: a carrier never waits for
// another one's bulk or back-off.
//
// There may be several ways to a peer, see carrier-ways.ts. They are tried one after the other, and a carrier that falls
// silent is closed as soon as that, since the next dial finds another way: to both ends it is a carrier like any other.
// So is one on a way that is not the preferred one, when that is well again: it is closed, and dialled anew.
import { type ClusterId, nodeId, SystemError, toSystemError } from "@ashlar/core";
import { type Clock, type Log, nodeClock, type Random, type Timer } from "@ashlar/runtime";
import { type ByteStream, GrpcStream, SocketStream } from "./byte-stream.ts";
import {
  type Carrier,
  type CarrierDialer,
  type CarrierKind,
  type CarrierPeer,
  type CarrierPurpose,
  FRAME_VERSION,
} from "./carrier.ts";
import type { CarrierSelf } from "./carrier-server.ts";
import { agreedVersion, SPOKEN, type SpokenVersions } from "./carrier-versions.ts";
import { CarrierWays, type Way } from "./carrier-ways.ts";
import {
  ANSWER_LENGTH,
  checkGreeting,
  chunkService,
  encodePreamble,
  TICKET_KEY,
} from "./chunk-service.ts";
import { FrameCarrier } from "./frame-carrier.ts";
import type { OpenCarrierReply__Output } from "./gen/ashlar/v1/OpenCarrierReply.ts";
import { readGreeting } from "./greeting-socket.ts";
import { GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { nodeNetwork } from "./node-network.ts";
import type { Path } from "./path-silences.ts";
import { PathWatch } from "./path-watch.ts";
import { fromServiceError } from "./status.ts";

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
        onWell: (path) => this.onWell(path),
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
          onWay(meant);
          // There are other ways than was known when the limit was set.
          if (meant.path !== asked.path) timeouts.push(within(WAY_TIMEOUT_MS));
        },
      });
    } catch (thrown) {
      const error = giveUp.aborted
        ? toSystemError(giveUp.reason, "operation/aborted")
        : toSystemError(thrown);
      if (limit.signal.aborted) this.missed(way);
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

  private missed(way: Way): void {
    this.ways.silent(way, this.clock.nowMs());
    this.watch.missed(way);
  }

  /** One carrier at a time: what is under way on it is sent again over the way that is preferred. */
  private onWell({ address, path }: Path): void {
    const paths = this.ways.of(address).map((way) => way.path);
    const rank = paths.indexOf(path);
    for (const [carrier, way] of this.carriers) {
      if (rank < 0 || way.address !== address || paths.indexOf(way.path) <= rank) continue;
      this.ways.heard({ address, path });
      this.log.info({ address, path, from: way.path }, "a preferred network path is well again");
      carrier.close(new SystemError("rpc/disconnected", `${path} is well again, and preferred`));
      return;
    }
  }

  private async open(
    asked: Way,
    purpose: CarrierPurpose,
    { signal, onWay }: { readonly signal: AbortSignal; readonly onWay: (way: Way) => void },
  ): Promise<Carrier> {
    const { self, clusterId, kind, versions = SPOKEN } = this.options;
    const { network } = this;
    const ofSeveral = asked.callAt !== asked.address;
    const client = new GrpcClient({ address: asked.callAt, ofSeveral, clusterId, network });
    let way = asked;
    let stream: ByteStream;
    let reply: OpenCarrierReply__Output;
    try {
      reply = await client.unary(
        chunkService.OpenCarrier,
        {
          frameVersion: FRAME_VERSION,
          purpose,
          kind,
          cluster: clusterId,
          node: self.node,
          incarnation: self.incarnation(),
          oldestVersion: versions[purpose].oldest,
          newestVersion: versions[purpose].newest,
        },
        { signal, deadlineMs: DIAL_TIMEOUT_MS },
      );
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
    if (kind === "socket") client.close();
    const peer = { node: nodeId(reply.node), incarnation: Number(reply.incarnation) };
    this.ways.heard(way);
    if (kind === "socket") this.follow(way.address, reply.port);
    const version = agreedVersion(purpose, reply.version);
    return this.carrier(stream, way, { purpose, version, peer, client });
  }

  /** Watches the other ways, too, as long as there is a carrier on one of them. */
  private follow(address: string, port: number): void {
    const ways = this.ways.of(address);
    if (ways.length > 1) this.watch.follow(address, { hosts: ways, port });
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
      if (carrier.timedOut) this.missed(way);
      client.close();
      this.log.info({ ...facts, reason: reason.message }, "carrier closed");
    });
    return carrier;
  }
}

async function openSocket(
  network: Network,
  {
    host,
    reply: { port, ticket },
    signal,
  }: {
    readonly host: string;
    readonly reply: OpenCarrierReply__Output;
    readonly signal: AbortSignal;
  },
): Promise<ByteStream> {
  const socket = network.connect({ host, port });
  const onAbort = (): void => {
    socket.destroy();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    socket.write(encodePreamble(ticket));
    const fault = checkGreeting(await readGreeting(socket, ANSWER_LENGTH));
    if (fault) throw fault;
    signal.throwIfAborted();
    return new SocketStream(socket);
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function openCall(
  client: GrpcClient,
  { ticket }: OpenCarrierReply__Output,
  signal: AbortSignal,
): Promise<ByteStream> {
  const hangUp = new AbortController();
  const call = client.bidi(chunkService.Carry, {
    signal: hangUp.signal,
    metadata: { [TICKET_KEY]: ticket.toString("hex") },
  });
  return new Promise((resolve, reject) => {
    const onAbort = (): void => hangUp.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const stop = (): void => {
      signal.removeEventListener("abort", onAbort);
      call.off("error", onError);
    };
    const onError = (error: Error): void => {
      stop();
      reject(fromServiceError(error, client.address));
    };
    // Stays when ours goes: an error between two listeners would end the process.
    call.on("error", () => {});
    call.on("error", onError);
    call.once("metadata", () => {
      stop();
      resolve(new GrpcStream(call, () => hangUp.abort()));
    });
  });
}
