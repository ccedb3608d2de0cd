// One listener for all gRPC services of a process, with the conventions they share: every caller
// names its cluster in metadata and is refused if it is another; a handler throws SystemErrors and
// they arrive whole; a cancelled or expired call aborts its signal.
import type { ProposalId } from "@ashlar/catalog";
import { type ClusterId, SystemError, toSystemError } from "@ashlar/core";
import { type HostAndPort, joinAddress, type Log, type Startable } from "@ashlar/runtime";
import {
  logVerbosity,
  type Metadata,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  setLogVerbosity,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { CLUSTER_KEY, SERVER_OPTIONS } from "./conventions.ts";
import type { CallServer, Network } from "./network.ts";
import { nodeNetwork } from "./node-network.ts";
import { PROPOSAL_KEY, parseProposalId } from "./proposal-id.ts";
import { toServiceError } from "./status.ts";

export interface CallContext {
  /** Aborted when the caller gave up, its deadline passed, or its connection broke. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** The caller's address. */
  readonly peer: string;
  /** How the caller names what it proposes, if it does: sent again, it takes effect once. */
  readonly proposal: ProposalId | undefined;
}

/** Takes the requests of one client-streaming call; what either throws refuses the call. */
export interface RequestTaker<Request, Reply> {
  take(request: Request): void;
  /** The caller has sent all: the answer. */
  finish(): Reply;
}

export type Handler<Request, Reply> =
  | {
      readonly kind: "unary";
      readonly handle: (request: Request, context: CallContext) => Promise<Reply>;
    }
  | {
      readonly kind: "serverStream";
      /** The call ends when the promise resolves. `send` resolves when there is room for more. */
      readonly handle: (
        request: Request,
        send: (reply: Reply) => Promise<void>,
        context: CallContext,
      ) => Promise<void>;
    }
  | {
      readonly kind: "clientStream";
      readonly handle: (context: CallContext) => RequestTaker<Request, Reply>;
    }
  | {
      readonly kind: "bidi";
      /** Owns the stream; use {@link failStream} to refuse it. */
      readonly handle: (stream: ServerDuplexStream<Request, Reply>, context: CallContext) => void;
    };

/** Of a generated definition, or one with its own serialisers. */
type HandlerOf<M> = M extends {
  readonly requestDeserialize: (bytes: Buffer) => infer Request;
  readonly responseSerialize: (reply: infer Reply) => Buffer;
}
  ? Handler<Request, Reply>
  : never;

/** One handler for each method of a generated service definition. */
export type Handlers<D> = {
  readonly [M in keyof D as string extends M ? never : M]: HandlerOf<D[M]>;
};

export const unary = <Q, R>(
  handle: (request: Q, context: CallContext) => Promise<R>,
): Handler<Q, R> => ({ kind: "unary", handle });

export const serverStream = <Q, R>(
  handle: (request: Q, send: (reply: R) => Promise<void>, context: CallContext) => Promise<void>,
): Handler<Q, R> => ({ kind: "serverStream", handle });

export const clientStream = <Q, R>(
  handle: (context: CallContext) => RequestTaker<Q, R>,
): Handler<Q, R> => ({ kind: "clientStream", handle });

export const bidi = <Q, R>(
  handle: (stream: ServerDuplexStream<Q, R>, context: CallContext) => void,
): Handler<Q, R> => ({ kind: "bidi", handle });

/** Ends a server's side of a stream with an error. */
export function failStream(
  stream: { emit(event: "error", error: unknown): boolean },
  thrown: unknown,
): void {
  stream.emit("error", toServiceError(thrown));
}

export interface GrpcServerOptions {
  readonly clusterId: ClusterId;
  readonly host: string;
  /** 0 takes any free port, see {@link GrpcServer.port}. */
  readonly port: number;
  /** Where it listens too; port 0 takes the same as that of the first. */
  readonly others?: readonly HostAndPort[] | undefined;
}

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "cancelled" | "getPeer"> & {
  on(event: "cancelled", listener: () => void): unknown;
};

export class GrpcServer implements Startable {
  private readonly server: CallServer;
  private readonly options: GrpcServerOptions;
  private readonly log: Log;
  private boundPort = 0;

  /** @param ports the machine's network if absent. */
  constructor(
    { log, network = nodeNetwork }: { readonly log: Log; readonly network?: Network | undefined },
    options: GrpcServerOptions,
  ) {
    this.server = network.openServer(SERVER_OPTIONS);
    this.log = log.child({ component: "grpc-server" });
    this.options = options;
  }

  /** The port in use, after start. */
  get port(): number {
    return this.boundPort;
  }

  /**
   * Adds a service, before start. With `clusterOptional` callers that name no cluster are served,
   * for those who cannot know its id yet; another cluster's id is refused all the same.
   */
  add<D extends ServiceDefinition>(
    definition: D,
    handlers: Handlers<D>,
    { clusterOptional = false }: { readonly clusterOptional?: boolean } = {},
  ): void {
    const bound: Record<string, UntypedHandleCall> = {};
    for (const [name, handler] of Object.entries(handlers)) {
      bound[name] = this.bind(handler as Handler<unknown, unknown>, clusterOptional);
    }
    this.server.addService(definition, bound);
  }

  /** @throws SystemError config/port-in-use, config/invalid. */
  async start(): Promise<void> {
    // The library would print to stderr beside our log; what matters arrives as an error.
    setLogVerbosity(logVerbosity.NONE);
    const { others = [] } = this.options;
    this.boundPort = await this.bindAt(this.options);
    for (const { host, port } of others) await this.bindAt({ host, port: port || this.boundPort });
  }

  /** Ends at once: streams live as long as their process, so there is nothing to wait for. */
  async stop(): Promise<void> {
    this.server.forceShutdown();
  }

  /** The port that was taken. */
  private bindAt(at: HostAndPort): Promise<number> {
    const address = joinAddress(at);
    return new Promise<number>((resolve, reject) => {
      this.server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (!error) {
          resolve(bound);
          return;
        }
        const inUse = error.message.includes("EADDRINUSE");
        reject(
          new SystemError(
            inUse ? "config/port-in-use" : "config/invalid",
            inUse ? `port ${address} is in use` : `cannot listen on ${address}: ${error.message}`,
            { address, ...(inUse ? { hint: "stop what uses it or choose another port" } : {}) },
            error,
          ),
        );
      });
    });
  }

  private bind(handler: Handler<unknown, unknown>, clusterOptional: boolean): UntypedHandleCall {
    const open = (call: AnyCall): CallContext => this.open(call, clusterOptional);
    switch (handler.kind) {
      case "unary":
        return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
          const answer = async (): Promise<unknown> => handler.handle(call.request, open(call));
          answer().then(
            (value) => reply(null, value),
            (thrown) => reply(this.refusal(thrown, call.getPath())),
          );
        };
      case "serverStream":
        return (call: ServerWritableStream<unknown, unknown>) => {
          const answer = async (): Promise<void> => {
            const context = open(call);
            await handler.handle(call.request, (reply) => write(call, reply, context), context);
          };
          answer().then(
            () => call.end(),
            (thrown) => call.emit("error", this.refusal(thrown, call.getPath())),
          );
        };
      case "clientStream":
        return this.bindRequests(handler.handle, open);
      case "bidi":
        return this.bindStream(handler.handle, open);
    }
  }

  private bindRequests(
    handle: (context: CallContext) => RequestTaker<unknown, unknown>,
    open: (call: AnyCall) => CallContext,
  ): UntypedHandleCall {
    return (call: ServerReadableStream<unknown, unknown>, reply: sendUnaryData<unknown>) => {
      call.on("error", () => {});
      const answer = (give: () => void): void => {
        try {
          give();
        } catch (thrown) {
          call.destroy();
          reply(this.refusal(thrown, call.getPath()));
        }
      };
      answer(() => {
        const requests = handle(open(call));
        call.on("data", (request) => answer(() => requests.take(request)));
        call.on("end", () => answer(() => reply(null, requests.finish())));
      });
    };
  }

  private bindStream(
    handle: (stream: ServerDuplexStream<unknown, unknown>, context: CallContext) => void,
    open: (call: AnyCall) => CallContext,
  ): UntypedHandleCall {
    return (call: ServerDuplexStream<unknown, unknown>) => {
      // A broken stream is also told by "cancelled"; without a listener the event would throw.
      call.on("error", () => {});
      try {
        handle(call, open(call));
      } catch (thrown) {
        call.emit("error", this.refusal(thrown, call.getPath()));
      }
    };
  }

  private open(call: AnyCall, clusterOptional: boolean): CallContext {
    this.checkCluster(call.metadata, clusterOptional);
    const gone = new AbortController();
    const abort = (): void =>
      gone.abort(new SystemError("operation/aborted", "the caller is gone"));
    if (call.cancelled) abort();
    else call.on("cancelled", abort);
    const { metadata } = call;
    return { signal: gone.signal, metadata, peer: call.getPeer(), proposal: proposalOf(metadata) };
  }

  private refusal(thrown: unknown, path: string): ReturnType<typeof toServiceError> {
    const error = toSystemError(thrown);
    const level = error.code === "internal" ? "error" : "debug";
    this.log[level]({ path, code: error.code, error }, "call refused");
    return toServiceError(error);
  }

  private checkCluster(metadata: Metadata, optional: boolean): void {
    const named = metadata.get(CLUSTER_KEY)[0];
    if (named === this.options.clusterId || (named === undefined && optional)) return;
    throw new SystemError(
      "cluster/wrong-cluster",
      named === undefined
        ? "the caller names no cluster"
        : `the caller belongs to cluster ${named}, this is ${this.options.clusterId}`,
      { hint: "check the addresses and the cluster id in the configuration" },
    );
  }
}

function proposalOf(metadata: Metadata): ProposalId | undefined {
  const name = metadata.get(PROPOSAL_KEY)[0];
  return name === undefined ? undefined : parseProposalId(String(name));
}

/** Writes one reply; waits for room, so that a slow reader bounds what is in memory. */
function write(
  call: ServerWritableStream<unknown, unknown>,
  reply: unknown,
  { signal }: CallContext,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    if (call.write(reply)) {
      resolve();
      return;
    }
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    call.once("drain", () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
