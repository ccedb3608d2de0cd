// Tells the metadata service every interval that this process lives, on a connection of its own, so
// that nothing else delays it. Learns from the replies when the catalog has given it up.
import type { NodeId } from "@ashlar/core";
import type { Clock, Log, Timer } from "@ashlar/runtime";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { StorageReport } from "./catalog-client.ts";
import { CATALOG_VERSION } from "./convert/catalog.ts";
import type { PingMessage } from "./gen/ashlar/v1/PingMessage.ts";
import type { PingReply__Output } from "./gen/ashlar/v1/PingReply.ts";
import type { MemberCalls } from "./member-calls.ts";
import { heartbeatService } from "./services.ts";
import { fromServiceError } from "./status.ts";

type PingStream = ClientDuplexStream<PingMessage, PingReply__Output>;

export interface PingSource {
  readonly process: NodeId;
  readonly incarnation: number;
  readonly intervalMs: number;
  readonly report: () => StorageReport;
}

export class PingWorker {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly members: MemberCalls;
  private readonly onSuperseded: () => void;
  private timer: Timer | undefined;
  private stream: PingStream | undefined;
  /** A ping the stream has not taken yet: the next one waits, none pile up. */
  private writing = false;
  private ended = new AbortController();

  constructor(
    deps: { readonly clock: Clock; readonly log: Log; readonly members: MemberCalls },
    { onSuperseded }: { readonly onSuperseded: () => void },
  ) {
    this.clock = deps.clock;
    this.log = deps.log;
    this.members = deps.members;
    this.onSuperseded = onSuperseded;
  }

  /** Begins to ping for `source`, and no longer for an earlier one. */
  begin(source: PingSource): void {
    this.end();
    this.ended = new AbortController();
    this.ping(source);
    this.timer = this.clock.every(source.intervalMs, () => this.ping(source));
  }

  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.stream = undefined;
    this.ended.abort();
  }

  private ping(source: PingSource): void {
    this.stream ??= this.open(source);
    if (this.writing) return;
    const stores = source.report().disks.map((disk) => ({ ...disk }));
    const { process, incarnation } = source;
    this.writing = true;
    this.stream.write({ version: CATALOG_VERSION, process, incarnation, stores }, () => {
      this.writing = false;
    });
  }

  private open(source: PingSource): PingStream {
    const member = this.members.current();
    const stream = member.bidi(heartbeatService.Ping, { signal: this.ended.signal });
    this.writing = false;
    stream.on("data", ({ superseded }: PingReply__Output) => {
      if (!superseded || stream !== this.stream) return;
      this.log.warn({ incarnation: source.incarnation }, "this incarnation was declared down");
      this.end();
      this.onSuperseded();
    });
    const lost = (thrown?: unknown): void => {
      if (stream !== this.stream) return;
      const error = thrown === undefined ? undefined : fromServiceError(thrown, member.address);
      this.log.debug({ error }, "ping stream lost");
      this.stream = undefined;
      this.members.next();
    };
    stream.on("error", lost);
    stream.on("end", () => lost());
    return stream;
  }
}
