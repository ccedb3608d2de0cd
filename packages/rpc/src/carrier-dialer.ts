// The opening side of carriers: asks the peer's ChunkService for a ticket, then presents it on a
// plain socket or on a Carry stream. Each dial has a channel of its own: a carrier never waits for
// another one's bulk or back-off.
//
// A peer in several networks has a path in each. They are tried one after the other, and a carrier that falls
// silent is closed as soon as that, since the next dial finds another path: to both ends it is a
// carrier like any other.
import { type ClusterId, nodeId, SystemError, toSystemError } from "@ashlar/core";
import {
  type Clock,
  type Log,
  nodeClock,
  pathsOf,
  type Random,
  splitAddress,
} from "@ashlar/runtime";
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
import { type Path, PathSilences } from "./path-silences.ts";
import { fromServiceError } from "./status.ts";

export interface CarrierDialerOptions {
  readonly self: CarrierSelf;
  readonly clusterId: ClusterId;
  /** Which of the two carriers to open. */
  readonly kind: CarrierKind;
  readonly random: Random;
  readonly log: Log;
  readonly clock?: Clock;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** A node that cannot be reached by then is not worth waiting for: the caller tries again. */
const DIAL_TIMEOUT_MS = 3_000;
/** Of that, what a path may take while there is another one to try: far more than a round trip and a start. */
const PATH_TIMEOUT_MS = 1_000;
/** A peer that was silent stays so until the next dial has ended, if one begins within a second or so. */
const UNREACHED_MS = DIAL_TIMEOUT_MS + 2_000;

export interface ClosableCarrierDialer extends CarrierDialer {
  /** Addresses of whom this process is connected to, or tries to be, and of which it hears nothing. */
  silentPeers(): readonly string[];
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
  /** Open ones, with the address that was dialled. */
  private readonly carriers = new Map<FrameCarrier, string>();
  private readonly silences = new PathSilences({ keptMs: UNREACHED_MS });
  private readonly closing = new AbortController();

  constructor(options: CarrierDialerOptions) {
    this.options = options;
    this.clock = options.clock ?? nodeClock;
    this.network = options.network ?? nodeNetwork;
    this.log = options.log.child({ component: "carrier-dialer" });
  }

  async dial(
    address: string,
    purpose: CarrierPurpose,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Carrier> {
    const endMs = this.clock.nowMs() + DIAL_TIMEOUT_MS;
    const paths = this.silences.inOrder(address, this.clock.nowMs());
    for (const [place, path] of paths.entries()) {
      const leftMs = endMs - this.clock.nowMs();
      const untried = paths.length - place;
      const isLast = untried === 1;
      const limitMs = isLast ? leftMs : Math.min(PATH_TIMEOUT_MS, leftMs / untried);
      try {
        return await this.dialPath({ address, path }, purpose, { signal, limitMs });
      } catch (thrown) {
        if (isLast || signal.aborted || this.closing.signal.aborted) throw thrown;
        const { code } = toSystemError(thrown);
        this.log.warn({ address, path, code }, "no carrier over this path: the next one is tried");
      }
    }
    throw new SystemError("rpc/unavailable", `${address} is no address`);
  }

  private async dialPath(
    { address, path }: Path,
    purpose: CarrierPurpose,
    { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number },
  ): Promise<Carrier> {
    const limit = new AbortController();
    const timeout = this.clock.after(limitMs, () =>
      limit.abort(new SystemError("rpc/unavailable", `${path}: no carrier in ${limitMs} ms`)),
    );
    const giveUp = AbortSignal.any([signal, limit.signal, this.closing.signal]);
    try {
      return await this.open({ address, path }, purpose, giveUp);
    } catch (thrown) {
      const error = giveUp.aborted
        ? toSystemError(giveUp.reason, "operation/aborted")
        : toSystemError(thrown);
      if (limit.signal.aborted) this.missed({ address, path });
      if (error.code !== "rpc/disconnected") throw error;
      throw new SystemError("rpc/unavailable", `${path}: ${error.message}`, { address }, error);
    } finally {
      timeout.cancel();
    }
  }

  silentPeers(): readonly string[] {
    const silent = new Set(this.silences.lost(this.clock.nowMs()));
    // One with another path is not given up while that has not been tried.
    for (const [carrier, address] of this.carriers) {
      if (carrier.isSilent && pathsOf(address).length === 1) silent.add(address);
    }
    return [...silent];
  }

  /** Closes every carrier this dialer opened; later dials are refused. */
  close(): void {
    const reason = new SystemError("rpc/unavailable", "the process stops");
    this.closing.abort(reason);
    for (const carrier of [...this.carriers.keys()]) carrier.close(reason);
  }

  private missed(path: Path): void {
    this.silences.silent(path, this.clock.nowMs());
  }

  private async open(
    { address, path }: Path,
    purpose: CarrierPurpose,
    signal: AbortSignal,
  ): Promise<Carrier> {
    const { self, clusterId, kind } = this.options;
    const { network } = this;
    const ofSeveral = path !== address;
    const client = new GrpcClient({ address: path, ofSeveral, clusterId, network });
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
        },
        { signal, deadlineMs: DIAL_TIMEOUT_MS },
      );
      stream =
        kind === "socket"
          ? await openSocket(network, { address: path, reply, signal })
          : await openCall(client, reply, signal);
    } catch (thrown) {
      client.close();
      throw thrown;
    }
    if (kind === "socket") client.close();
    const peer = { node: nodeId(reply.node), incarnation: Number(reply.incarnation) };
    this.silences.heard({ address, path });
    return this.carrier(stream, { address, path, purpose, peer, client });
  }

  private carrier(
    stream: ByteStream,
    {
      address,
      path,
      purpose,
      peer,
      client,
    }: Path & {
      readonly purpose: CarrierPurpose;
      readonly peer: CarrierPeer;
      readonly client: GrpcClient;
    },
  ): Carrier {
    const { kind } = this.options;
    const { clock } = this;
    const rest = { pausesReading: false, hasOtherPath: path !== address };
    const carrier = new FrameCarrier({ stream, kind, purpose, peer, clock, ...rest });
    this.carriers.set(carrier, address);
    const facts = { kind, purpose, peer: peer.node, path, incarnation: peer.incarnation };
    this.log.info(facts, "carrier opened");
    carrier.onClose((reason) => {
      this.carriers.delete(carrier);
      if (carrier.timedOut) this.missed({ address, path });
      client.close();
      this.log.info({ ...facts, reason: reason.message }, "carrier closed");
    });
    return carrier;
  }
}

async function openSocket(
  network: Network,
  {
    address,
    reply: { host, port, ticket },
    signal,
  }: {
    readonly address: string;
    readonly reply: OpenCarrierReply__Output;
    readonly signal: AbortSignal;
  },
): Promise<ByteStream> {
  const socket = network.connect({ host: host || splitAddress(address).host, port });
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
