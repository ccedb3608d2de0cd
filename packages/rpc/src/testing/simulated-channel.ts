// The client's half of gRPC over message lines: the calls, events and statuses of grpc-js as our code
// relies on them, with its rules of connecting, backing off, deadlines and keep-alive. Real messages are
// encoded and decoded; only the wire is somebody else's.
import { EventEmitter } from "node:events";
import { Duplex, Readable, Writable } from "node:stream";
import {
  type ChannelOptions,
  type Deadline,
  Metadata,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import type { Channel } from "../network.ts";
import {
  bytesOf,
  type GrpcMessage,
  KeepAlive,
  type MessageLine,
  type MessageNetwork,
} from "./message-line.ts";

type Serialize = (value: unknown) => Buffer;
type Deserialize = (bytes: Buffer) => unknown;
type Callback = (error: unknown, reply?: unknown) => void;

interface CallListener {
  onHeaders(metadata: Metadata): void;
  onMessage(body: Buffer): void;
  onStatus(status: StatusObject): void;
}

const statusOf = (code: status, details: string): StatusObject => ({
  code,
  details,
  metadata: new Metadata(),
});

const numberOf = (options: ChannelOptions, name: string, otherwise: number): number =>
  Number((options as Record<string, unknown>)[name] ?? otherwise);

/** One call; sent when its channel has a line, with all that was said until then. */
class Call {
  readonly id: number;
  private readonly channel: SimulatedChannel;
  private readonly listener: CallListener;
  private readonly unsent: { readonly message: GrpcMessage; readonly taken?: () => void }[] = [];
  private line: MessageLine | undefined;
  private deadline: { cancel(): void } | undefined;
  private ended = false;

  constructor(channel: SimulatedChannel, id: number, listener: CallListener) {
    this.channel = channel;
    this.id = id;
    this.listener = listener;
  }

  setDeadline(deadline: Deadline | undefined, network: MessageNetwork): void {
    if (deadline === undefined) return;
    const leftMs = Math.max(0, Number(deadline) - Date.now());
    this.deadline = network.after(leftMs, () => {
      this.say({ kind: "cancel", id: this.id });
      this.end(statusOf(status.DEADLINE_EXCEEDED, "Deadline exceeded"));
    });
  }

  say(message: GrpcMessage, taken?: () => void): void {
    if (this.ended) return;
    if (this.line) this.line.send(message, bytesOf(message), taken);
    else this.unsent.push({ message, ...(taken ? { taken } : {}) });
  }

  open(line: MessageLine): void {
    this.line = line;
    for (const { message, taken } of this.unsent.splice(0)) {
      line.send(message, bytesOf(message), taken);
    }
  }

  cancel(): void {
    if (this.ended) return;
    if (this.line) this.say({ kind: "cancel", id: this.id });
    process.nextTick(() => this.end(statusOf(status.CANCELLED, "Cancelled on client")));
  }

  receive(message: GrpcMessage): void {
    if (this.ended) return;
    if (message.kind === "headers") this.listener.onHeaders(message.metadata as Metadata);
    else if (message.kind === "message") this.listener.onMessage(message.body);
    else if (message.kind === "status") {
      const { code, details } = message;
      this.end({ code, details, metadata: message.metadata as Metadata });
    }
  }

  end(ending: StatusObject): void {
    if (this.ended) return;
    this.ended = true;
    this.deadline?.cancel();
    this.channel.forget(this);
    this.listener.onStatus(ending);
  }
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly line: MessageLine }
  | { readonly kind: "ready"; readonly line: MessageLine; readonly keepAlive: KeepAlive }
  | { readonly kind: "backingOff" }
  | { readonly kind: "shutDown"; readonly line: MessageLine | undefined };

export class SimulatedChannel implements Pick<Channel, "close"> {
  private readonly network: MessageNetwork;
  private readonly address: string;
  private readonly options: ChannelOptions;
  private readonly calls = new Map<number, Call>();
  private state: State = { kind: "idle" };
  private nextId = 1;
  private backoffMs = 0;

  constructor(network: MessageNetwork, address: string, options: ChannelOptions) {
    this.network = network;
    this.address = address;
    this.options = options;
  }

  makeUnaryRequest(
    path: string,
    serialize: Serialize,
    deserialize: Deserialize,
    request: unknown,
    metadata: Metadata,
    options: { readonly deadline?: Deadline },
    callback: Callback,
  ): EventEmitter {
    const emitter = new EventEmitter();
    const told = oneReply(deserialize, callback, (ending) => emitter.emit("status", ending));
    const call = this.start(path, metadata, options, told);
    call.say({ kind: "message", id: call.id, body: copyOf(serialize(request)) });
    call.say({ kind: "end", id: call.id });
    return Object.assign(emitter, { cancel: () => call.cancel() });
  }

  makeClientStreamRequest(
    path: string,
    serialize: Serialize,
    deserialize: Deserialize,
    metadata: Metadata,
    options: { readonly deadline?: Deadline },
    callback: Callback,
  ): Writable {
    const told = oneReply(deserialize, callback, (ending) => stream.emit("status", ending));
    const call = this.start(path, metadata, options, told);
    const stream = new Writable({ objectMode: true, ...sending(call, serialize) });
    return Object.assign(stream, { cancel: () => call.cancel() });
  }

  makeServerStreamRequest(
    path: string,
    serialize: Serialize,
    deserialize: Deserialize,
    request: unknown,
    metadata: Metadata,
  ): Readable {
    const stream = new Readable({ objectMode: true, read: () => {} });
    const call = this.start(
      path,
      metadata,
      {},
      receiving(() => stream, deserialize),
    );
    call.say({ kind: "message", id: call.id, body: copyOf(serialize(request)) });
    call.say({ kind: "end", id: call.id });
    return Object.assign(stream, { cancel: () => call.cancel() });
  }

  makeBidiStreamRequest(
    path: string,
    serialize: Serialize,
    deserialize: Deserialize,
    metadata: Metadata,
  ): Duplex {
    const call = this.start(
      path,
      metadata,
      {},
      receiving(() => stream, deserialize),
    );
    const stream: Duplex = new Duplex({
      objectMode: true,
      read: () => {},
      ...sending(call, serialize),
    });
    return Object.assign(stream, { cancel: () => call.cancel() });
  }

  close(): void {
    const { state } = this;
    if (state.kind === "shutDown") return;
    if (state.kind === "ready") state.keepAlive.stop();
    const line = state.kind === "ready" ? state.line : undefined;
    if (state.kind === "connecting") state.line.close();
    this.state = { kind: "shutDown", line };
    if (!line) this.endAll(statusOf(status.UNAVAILABLE, "Channel has been shut down"));
    this.closeWhenQuiet();
  }

  forget(call: Call): void {
    this.calls.delete(call.id);
    this.closeWhenQuiet();
  }

  private closeWhenQuiet(): void {
    if (this.state.kind === "shutDown" && this.calls.size === 0) this.state.line?.close();
  }

  private start(
    path: string,
    metadata: Metadata,
    { deadline }: { readonly deadline?: Deadline },
    listener: CallListener,
  ): Call {
    const call = new Call(this, this.nextId++, listener);
    this.calls.set(call.id, call);
    call.setDeadline(deadline, this.network);
    call.say({ kind: "call", id: call.id, path, metadata: metadata.clone() });
    const { state } = this;
    if (state.kind === "ready") call.open(state.line);
    else if (state.kind === "idle") this.connect();
    else if (state.kind === "backingOff" || state.kind === "shutDown") {
      const refused = statusOf(status.UNAVAILABLE, "No connection established");
      process.nextTick(() => call.end(refused));
    }
    return call;
  }

  private connect(): void {
    let keepAlive: KeepAlive | undefined;
    const line = this.network.connect(this.address, {
      onOpen: () => {
        if (this.state.kind !== "connecting") return;
        this.backoffMs = 0;
        keepAlive = this.keepAlive(line);
        this.state = { kind: "ready", line, keepAlive };
        for (const call of [...this.calls.values()]) call.open(line);
      },
      onMessage: (received) => {
        keepAlive?.onMessage();
        const message = received as GrpcMessage;
        if (message.kind === "ping") line.send({ kind: "pong" }, 1);
        else if ("id" in message) this.calls.get(message.id)?.receive(message);
      },
      onClose: (reason) => {
        keepAlive?.stop();
        this.onClosed(reason);
      },
    });
    this.state = { kind: "connecting", line };
  }

  private keepAlive(line: MessageLine): KeepAlive {
    const intervalMs = numberOf(this.options, "grpc.keepalive_time_ms", 5_000);
    const timeoutMs = numberOf(this.options, "grpc.keepalive_timeout_ms", 3_000);
    return new KeepAlive(
      this.network,
      { intervalMs, timeoutMs },
      {
        ping: () => line.send({ kind: "ping" }, 1),
        dead: () => {
          line.close();
          this.onClosed(new Error("keepalive timeout"));
        },
      },
    );
  }

  private onClosed(reason: Error): void {
    const wasReady = this.state.kind === "ready";
    if (this.state.kind !== "shutDown") {
      this.state = { kind: wasReady ? "idle" : "backingOff" };
      if (!wasReady) this.backOff();
    }
    this.endAll(statusOf(status.UNAVAILABLE, reason.message));
  }

  private backOff(): void {
    const firstMs = numberOf(this.options, "grpc.initial_reconnect_backoff_ms", 1_000);
    const lastMs = numberOf(this.options, "grpc.max_reconnect_backoff_ms", 120_000);
    this.backoffMs = Math.min(lastMs, Math.max(firstMs, this.backoffMs * 1.6));
    this.network.after(this.backoffMs, () => {
      if (this.state.kind === "backingOff") this.state = { kind: "idle" };
    });
  }

  private endAll(ending: StatusObject): void {
    for (const call of [...this.calls.values()]) call.end(ending);
  }
}

/** Of a call with one reply, which is given when the call has ended well. */
function oneReply(
  deserialize: Deserialize,
  callback: Callback,
  ended: (ending: StatusObject) => void,
): CallListener {
  let reply: unknown;
  return {
    onHeaders: () => {},
    onMessage: (body) => {
      reply = deserialize(body);
    },
    onStatus: (ending) => {
      if (ending.code === status.OK) callback(null, reply);
      else callback(errorOf(ending));
      ended(ending);
    },
  };
}

const errorOf = ({ code, details, metadata }: StatusObject): Error =>
  Object.assign(new Error(`${code} ${details}`), { code, details, metadata });

/** A serialised message may share memory with what its sender keeps. */
const copyOf = (bytes: Buffer): Buffer => Buffer.from(bytes);

const sending = (call: Call, serialize: Serialize) => ({
  write: (chunk: unknown, _encoding: unknown, taken: () => void) =>
    call.say({ kind: "message", id: call.id, body: copyOf(serialize(chunk)) }, taken),
  final: (done: () => void) => {
    call.say({ kind: "end", id: call.id });
    done();
  },
});

const receiving = (stream: () => Readable, deserialize: Deserialize): CallListener => ({
  onHeaders: (metadata) => void stream().emit("metadata", metadata),
  onMessage: (body) => void stream().push(deserialize(body)),
  onStatus: (ending) => {
    stream().push(null);
    if (ending.code !== status.OK) stream().emit("error", errorOf(ending));
    stream().emit("status", ending);
  },
});
