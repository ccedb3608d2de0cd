// One gRPC connection to a peer, with the conventions of every call: the cluster's id in metadata, a
// deadline, the caller's signal, SystemErrors as the peer threw them. Reconnects by itself.
import type { ProposalId } from "@ashlar/catalog";
import { type ClusterId, SystemError } from "@ashlar/core";
import { pathsOf } from "@ashlar/runtime";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type requestCallback,
} from "@grpc/grpc-js";
import {
  CALL_DEADLINE_MS,
  CHANNEL_OPTIONS,
  CLUSTER_KEY,
  PATHS_OPTIONS,
  UNBUFFERED_OPTIONS,
} from "./conventions.ts";
import type { Channel, Network } from "./network.ts";
import { nodeNetwork } from "./node-network.ts";
import { formatProposalId, PROPOSAL_KEY } from "./proposal-id.ts";
import { fromServiceError } from "./status.ts";

export interface Abortable {
  readonly signal: AbortSignal;
}

export interface CallOptions extends Abortable {
  /** Milliseconds; CALL_DEADLINE_MS if absent, none for a stream. */
  readonly deadlineMs?: number;
  /** Names what the call proposes: sent again under this name, it takes effect once. */
  readonly proposal?: ProposalId | undefined;
}

/** The caller's side of a method, of a generated definition or one with its own serialisers. */
export interface CallableMethod<Q, R> {
  readonly path: string;
  readonly requestSerialize: (request: Q) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => R;
}

/** The caller's side of a client-streaming call. */
export interface OutgoingStream<Q, R> {
  readonly call: ClientWritableStream<Q>;
  /** The one answer; rejects as a unary call does. */
  readonly reply: Promise<R>;
}

export class GrpcClient {
  readonly address: string;
  private readonly client: Channel;
  private readonly metadata = new Metadata();

  constructor(options: {
    /** host:port, or several in order of preference: the first that takes the connection has it. */
    readonly address: string;
    /** Whether `address` is one of several of its process. */
    readonly ofSeveral?: boolean;
    /** Without it only the Admin service answers. */
    readonly clusterId?: ClusterId | undefined;
    /**
     * Whether a write counts as done only when the connection has taken it. Else gRPC takes a
     * megabyte for each call at once, which is faster, and the caller cannot see what waits.
     */
    readonly unbuffered?: boolean;
    /** The machine's if absent. */
    readonly network?: Network | undefined;
  }) {
    this.address = options.address;
    const several = pathsOf(options.address).length > 1 || options.ofSeveral === true;
    const channelOptions = {
      ...(options.unbuffered ? UNBUFFERED_OPTIONS : CHANNEL_OPTIONS),
      ...(several ? PATHS_OPTIONS : {}),
    };
    this.client = (options.network ?? nodeNetwork).openChannel(options.address, channelOptions);
    if (options.clusterId) this.metadata.set(CLUSTER_KEY, options.clusterId);
  }

  /** @throws SystemError the peer's, or rpc/unavailable, rpc/deadline, the signal's reason. */
  unary<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    { signal, deadlineMs = CALL_DEADLINE_MS, proposal }: CallOptions,
  ): Promise<R> {
    const metadata = this.metadataFor(
      proposal ? { [PROPOSAL_KEY]: formatProposalId(proposal) } : {},
    );
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + deadlineMs },
        this.settling({ resolve, reject, signal }),
      );
      cancelOnAbort(call, signal);
    });
  }

  /** Opens a client-streaming call, with no deadline unless one is given; the signal cancels it. */
  clientStream<Q, R>(
    method: CallableMethod<Q, R>,
    { signal, deadlineMs }: CallOptions,
  ): OutgoingStream<Q, R> {
    signal.throwIfAborted();
    let settle: requestCallback<R> = () => {};
    const reply = new Promise<R>((resolve, reject) => {
      settle = this.settling({ resolve, reject, signal });
    });
    const call = this.client.makeClientStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.metadata,
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      settle,
    );
    cancelOnAbort(call, signal);
    return { call, reply };
  }

  /**
   * Replies of a server-streaming call until it ends. Leaving the loop cancels the call.
   * @throws SystemError as of unary.
   */
  async *serverStream<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    { signal }: Abortable,
  ): AsyncGenerator<R, void, undefined> {
    signal.throwIfAborted();
    const call: ClientReadableStream<R> = this.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.metadata,
    );
    const onAbort = (): void => call.cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for await (const reply of call) yield reply as R;
    } catch (thrown) {
      signal.throwIfAborted();
      throw fromServiceError(thrown, this.address);
    } finally {
      signal.removeEventListener("abort", onAbort);
      call.on("error", () => {});
      call.cancel();
    }
  }

  /**
   * Opens a bidirectional stream. Its "error" carries a grpc error: see fromServiceError; the signal
   * cancels it.
   */
  bidi<Q, R>(
    method: CallableMethod<Q, R>,
    {
      signal,
      metadata = {},
    }: {
      readonly signal: AbortSignal;
      readonly metadata?: Readonly<Record<string, string>>;
    },
  ): ClientDuplexStream<Q, R> {
    signal.throwIfAborted();
    const call = this.client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.metadataFor(metadata),
    );
    const onAbort = (): void => call.cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    call.on("close", () => signal.removeEventListener("abort", onAbort));
    return call;
  }

  close(): void {
    this.client.close();
  }

  /** The metadata of a call: the cluster's, and what is its own. */
  private metadataFor(own: Readonly<Record<string, string>>): Metadata {
    const sent = this.metadata.clone();
    for (const [key, value] of Object.entries(own)) sent.set(key, value);
    return sent;
  }

  /** What settles a promise by how its call ended; an aborted one ends with the signal's reason. */
  private settling<R>({
    resolve,
    reject,
    signal,
  }: {
    readonly resolve: (reply: R) => void;
    readonly reject: (reason: unknown) => void;
    readonly signal: AbortSignal;
  }): requestCallback<R> {
    return (error, reply) => {
      if (signal.aborted) reject(signal.reason);
      else if (error) reject(fromServiceError(error, this.address));
      else if (reply === undefined) reject(new SystemError("internal", "empty reply"));
      else resolve(reply);
    };
  }
}

/** Until the call has ended, so that a long-lived signal does not collect listeners. */
function cancelOnAbort(
  call: { cancel(): void; once(event: "status", listener: () => void): unknown },
  signal: AbortSignal,
): void {
  const onAbort = (): void => call.cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  call.once("status", () => signal.removeEventListener("abort", onAbort));
}
