// The server's half of gRPC over message lines: services as grpc-js takes them, called as it calls them.
import { EventEmitter } from "node:events";
import { Duplex, Readable, Writable } from "node:stream";
import {
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { CallServer } from "../network.ts";
import {
  bytesOf,
  type GrpcMessage,
  KeepAlive,
  type MessageLine,
  type MessageLineEvents,
  type MessageNetwork,
} from "./message-line.ts";

type Method = MethodDefinition<unknown, unknown>;
type Answer = (error: unknown, reply?: unknown) => void;

interface Bound {
  readonly method: Method;
  // biome-ignore lint/suspicious/noExplicitAny: the four kinds of handlers take different calls.
  readonly handle: any;
}

interface Ending {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

const OK: Ending = { code: status.OK, details: "OK", metadata: new Metadata() };

function endingOf(thrown: unknown): Ending {
  const { code, details, message, metadata } = thrown as Partial<Ending> & { message?: string };
  return {
    code: typeof code === "number" ? code : status.UNKNOWN,
    details: details ?? message ?? "unknown error",
    metadata: metadata ?? new Metadata(),
  };
}

/** The side of one call that all four kinds share. */
class ServedCall {
  readonly shared: {
    readonly metadata: Metadata;
    cancelled: boolean;
    getPeer(): string;
    getPath(): string;
    sendMetadata(metadata: Metadata): void;
  };
  private readonly id: number;
  private readonly line: MessageLine;
  private readonly done: () => void;
  private ended = false;
  onMessage: (body: Buffer) => void = () => {};
  onEnd: () => void = () => {};
  onCancelled: () => void = () => {};

  constructor(
    { id, path, metadata }: Extract<GrpcMessage, { kind: "call" }>,
    { line, peer }: { readonly line: MessageLine; readonly peer: string },
    done: () => void,
  ) {
    this.id = id;
    this.line = line;
    this.done = done;
    this.shared = {
      metadata: metadata as Metadata,
      cancelled: false,
      getPeer: () => peer,
      getPath: () => path,
      sendMetadata: (headers) => this.say({ kind: "headers", id, metadata: headers.clone() }),
    };
  }

  reply(body: Buffer, taken?: () => void): void {
    this.say({ kind: "message", id: this.id, body: Buffer.from(body) }, taken);
  }

  end({ code, details, metadata }: Ending): void {
    if (this.ended) return;
    this.say({ kind: "status", id: this.id, code, details, metadata: metadata.clone() });
    this.ended = true;
    this.done();
  }

  /** The caller gave up, or its line broke. */
  cancel(): void {
    if (this.ended) return;
    this.ended = true;
    this.done();
    this.onCancelled();
  }

  private say(message: GrpcMessage, taken?: () => void): void {
    if (!this.ended) this.line.send(message, bytesOf(message), taken);
  }
}

const SERVE: Readonly<Record<string, (bound: Bound, call: ServedCall) => void>> = {
  unary: ({ method, handle }, call) => {
    const emitter = Object.assign(new EventEmitter(), call.shared);
    cancelling(call, emitter);
    call.onMessage = (body) =>
      handle(
        Object.assign(emitter, { request: method.requestDeserialize(body) }),
        answering(method, call),
      );
  },
  serverStream: ({ method, handle }, call) => {
    const stream = Object.assign(
      new Writable({ objectMode: true, ...replying(method, call) }),
      call.shared,
    );
    cancelling(call, stream);
    failing(call, stream);
    call.onMessage = (body) =>
      handle(Object.assign(stream, { request: method.requestDeserialize(body) }));
  },
  clientStream: ({ method, handle }, call) => {
    const stream = Object.assign(new Readable({ objectMode: true, read: () => {} }), call.shared);
    cancelling(call, stream);
    requests(method, call, stream);
    handle(stream, answering(method, call));
  },
  bidi: ({ method, handle }, call) => {
    const stream = Object.assign(
      new Duplex({ objectMode: true, read: () => {}, ...replying(method, call) }),
      call.shared,
    );
    cancelling(call, stream);
    failing(call, stream);
    requests(method, call, stream);
    handle(stream);
  },
};

const kindOf = ({ requestStream, responseStream }: Method): string => {
  if (requestStream) return responseStream ? "bidi" : "clientStream";
  return responseStream ? "serverStream" : "unary";
};

function requests(method: Method, call: ServedCall, stream: Readable): void {
  call.onMessage = (body) => void stream.push(method.requestDeserialize(body));
  call.onEnd = () => void stream.push(null);
}

const answering =
  (method: Method, call: ServedCall): Answer =>
  (error, reply) => {
    if (error) call.end(endingOf(error));
    else {
      call.reply(method.responseSerialize(reply));
      call.end(OK);
    }
  };

const replying = (method: Method, call: ServedCall) => ({
  write: (reply: unknown, _encoding: unknown, taken: () => void) =>
    call.reply(method.responseSerialize(reply), taken),
  final: (done: () => void) => {
    call.end(OK);
    done();
  },
});

function cancelling(
  call: ServedCall,
  target: EventEmitter & { cancelled: boolean; destroy?: () => unknown },
): void {
  call.onCancelled = () => {
    target.cancelled = true;
    target.emit("cancelled", "cancelled");
    target.destroy?.();
  };
}

function failing(call: ServedCall, target: EventEmitter): void {
  target.on("error", (error: unknown) => call.end(endingOf(error)));
}

export class SimulatedCallServer implements CallServer {
  private readonly network: MessageNetwork;
  private readonly methods = new Map<string, Bound>();
  private readonly lines = new Set<MessageLine>();
  private readonly forget = new Map<MessageLine, () => void>();
  private listener: { close(): void } | undefined;

  constructor(network: MessageNetwork) {
    this.network = network;
  }

  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    for (const [name, method] of Object.entries(service)) {
      this.methods.set(method.path, { method, handle: implementation[name] });
    }
  }

  bindAsync(
    address: string,
    _credentials: unknown,
    callback: (error: Error | null, port: number) => void,
  ): void {
    try {
      const listener = this.network.listen(address, (line, peer) => this.accept(line, peer));
      this.listener = listener;
      process.nextTick(() => callback(null, listener.port));
    } catch (thrown) {
      process.nextTick(() => callback(thrown as Error, 0));
    }
  }

  forceShutdown(): void {
    this.listener?.close();
    for (const line of [...this.lines]) {
      line.close();
      this.forget.get(line)?.();
    }
  }

  private accept(line: MessageLine, peer: string): MessageLineEvents {
    const calls = new Map<number, ServedCall>();
    const end = (): void => {
      keepAlive.stop();
      this.lines.delete(line);
      this.forget.delete(line);
      for (const call of [...calls.values()]) call.cancel();
    };
    const keepAlive = new KeepAlive(
      this.network,
      { intervalMs: 5_000, timeoutMs: 3_000 },
      {
        ping: () => line.send({ kind: "ping" }, 1),
        dead: () => {
          line.close();
          end();
        },
      },
    );
    this.lines.add(line);
    this.forget.set(line, end);
    return {
      onOpen: () => {},
      onClose: end,
      onMessage: (received) => {
        keepAlive.onMessage();
        const message = received as GrpcMessage;
        if (message.kind === "ping") line.send({ kind: "pong" }, 1);
        else if (message.kind === "call") this.serve(message, calls, { line, peer });
        else if (message.kind === "message") calls.get(message.id)?.onMessage(message.body);
        else if (message.kind === "end") calls.get(message.id)?.onEnd();
        else if (message.kind === "cancel") calls.get(message.id)?.cancel();
      },
    };
  }

  private serve(
    message: Extract<GrpcMessage, { kind: "call" }>,
    calls: Map<number, ServedCall>,
    at: { readonly line: MessageLine; readonly peer: string },
  ): void {
    const call = new ServedCall(message, at, () => calls.delete(message.id));
    calls.set(message.id, call);
    const bound = this.methods.get(message.path);
    if (bound) SERVE[kindOf(bound.method)]?.(bound, call);
    else call.end({ ...OK, code: status.UNIMPLEMENTED, details: `no ${message.path}` });
  }
}
