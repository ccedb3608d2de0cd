// What simulated gRPC stands on: a connection that carries messages in order until it breaks. Who owns
// the simulated network decides when each arrives.

export interface MessageLine {
  /** `taken` is called when there is room for more; never within the call, and not after the end. */
  send(message: unknown, bytes: number, taken?: () => void): void;
  /** Ends it at once; the other side is told, this one is not. */
  close(): void;
}

export interface MessageLineEvents {
  /** The other side has accepted. */
  onOpen(): void;
  onMessage(message: unknown): void;
  /** Called once, unless this side closed it. */
  onClose(reason: Error): void;
}

export interface MessageNetwork {
  /** Milliseconds of the process that owns this network. */
  nowMs(): number;
  after(ms: number, call: () => void): { cancel(): void };
  every(ms: number, call: () => void): { cancel(): void };
  /** To host:port. */
  connect(address: string, events: MessageLineEvents): MessageLine;
  /** Throws the machine's error when the address is taken. */
  listen(
    address: string,
    accept: (line: MessageLine, peer: string) => MessageLineEvents,
  ): { readonly port: number; close(): void };
}

/** What gRPC says on a line; bodies are encoded messages, as on a wire. */
export type GrpcMessage =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly path: string;
      readonly metadata: unknown;
    }
  | { readonly kind: "message"; readonly id: number; readonly body: Buffer }
  /** The client has sent all. */
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "headers"; readonly id: number; readonly metadata: unknown }
  | {
      readonly kind: "status";
      readonly id: number;
      readonly code: number;
      readonly details: string;
      readonly metadata: unknown;
    }
  | { readonly kind: "ping" | "pong" };

/** Of a message's frame and headers, roughly. */
const HEAD_BYTES = 32;

export const bytesOf = (message: GrpcMessage): number =>
  HEAD_BYTES + (message.kind === "message" ? message.body.length : 0);

/** Pings of one side of a line, and what they find out: a peer that is gone or stopped. */
export class KeepAlive {
  private readonly timer: { cancel(): void };
  private heard = true;
  private asked = false;

  constructor(
    network: MessageNetwork,
    { intervalMs, timeoutMs }: { readonly intervalMs: number; readonly timeoutMs: number },
    { ping, dead }: { readonly ping: () => void; readonly dead: () => void },
  ) {
    this.timer = network.every(intervalMs, () => {
      this.heard = false;
      this.asked = true;
      ping();
      network.after(timeoutMs, () => {
        if (!this.asked || this.heard) return;
        this.stop();
        dead();
      });
    });
  }

  onMessage(): void {
    this.heard = true;
  }

  stop(): void {
    this.asked = false;
    this.timer.cancel();
  }
}
