// Connections between storage nodes for replication: one carrier for each direction of a pair,
// opened by the node whose replicas lead. A carrier that breaks is opened anew, with back-off, as
// long as anyone here wants to lead something over there.
import { type NodeId, SystemError, toSystemError } from "@ashlar/core";
import {
  isMemberMessage,
  type MemberMessage,
  type PrimaryMessage,
  type ReplicationMessage,
} from "@ashlar/replica";
import {
  type Carrier,
  type CarrierDialer,
  decodeReplication,
  encodeReplication,
  type ReceivedFrame,
} from "@ashlar/rpc";
import type { Clock, Log, Timer } from "@ashlar/runtime";

/** A restarted peer is back in well under a second; a dead one is not worth more than one a second. */
const REDIAL_MIN_MS = 20;
const REDIAL_MAX_MS = 1_000;

export interface PeerEvents {
  onUp(node: NodeId): void;
  onDown(node: NodeId): void;
  fromMember(from: NodeId, message: MemberMessage): void;
  fromPrimary(from: NodeId, message: PrimaryMessage): void;
}

export interface PeerLinksDeps {
  readonly dialer: CarrierDialer;
  readonly clock: Clock;
  readonly log: Log;
  /** host:port of a node as the catalog has it. */
  readonly addressOf: (node: NodeId) => string | undefined;
}

interface Link {
  readonly node: NodeId;
  carrier: Carrier | undefined;
  dialing: boolean;
  pauseMs: number;
  timer: Timer | undefined;
}

export class PeerLinks {
  private readonly deps: PeerLinksDeps;
  private readonly events: PeerEvents;
  private readonly links = new Map<NodeId, Link>();
  /** Opened by peers; the newest of each answers. */
  private readonly accepted = new Map<NodeId, Carrier>();
  private readonly stopping = new AbortController();

  constructor(deps: PeerLinksDeps, events: PeerEvents) {
    this.deps = deps;
    this.events = events;
  }

  /** Keeps a connection to `node` from now on. */
  want(node: NodeId): void {
    if (this.links.has(node)) return;
    const pauseMs = REDIAL_MIN_MS;
    const link: Link = { node, carrier: undefined, dialing: false, pauseMs, timer: undefined };
    this.links.set(node, link);
    this.dial(link);
  }

  isUp(node: NodeId): boolean {
    return this.links.get(node)?.carrier !== undefined;
  }

  get upCount(): number {
    return [...this.links.values()].filter(({ carrier }) => carrier).length;
  }

  /** Bytes that the network has not taken yet, over all connections. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { carrier } of this.links.values()) bytes += carrier?.bufferedBytes ?? 0;
    for (const carrier of this.accepted.values()) bytes += carrier.bufferedBytes;
    return bytes;
  }

  /** The catalog says it is up or elsewhere: no need to wait any longer. */
  retryNow(node: NodeId): void {
    const link = this.links.get(node);
    if (!link || link.carrier || link.dialing) return;
    link.timer?.cancel();
    link.pauseMs = REDIAL_MIN_MS;
    this.dial(link);
  }

  /** Lost when there is no connection: whoever sent it hears of that. */
  send(to: NodeId, message: PrimaryMessage): void {
    const carrier = this.links.get(to)?.carrier;
    carrier?.send(encodeReplication(message, carrier.version));
  }

  respond(to: NodeId, message: MemberMessage): void {
    const carrier = this.accepted.get(to);
    carrier?.send(encodeReplication(message, carrier.version));
  }

  /** Takes over a carrier that a peer opened. */
  accept(carrier: Carrier): void {
    const { node } = carrier.peer;
    this.accepted.set(node, carrier);
    carrier.onFrame((frame) => {
      const message = this.decode(carrier, frame);
      if (!message) return;
      if (isMemberMessage(message)) this.refuse(carrier, badDirection(message));
      else this.events.fromPrimary(node, message);
    });
    carrier.onClose(() => {
      if (this.accepted.get(node) === carrier) this.accepted.delete(node);
    });
  }

  stop(): void {
    this.stopping.abort();
    for (const { carrier, timer } of this.links.values()) {
      timer?.cancel();
      carrier?.close();
    }
  }

  private dial(link: Link): void {
    const { dialer, log } = this.deps;
    const address = this.deps.addressOf(link.node);
    if (this.stopping.signal.aborted) return;
    if (address === undefined) {
      this.redialLater(link);
      return;
    }
    link.dialing = true;
    dialer.dial(address, "replication", { signal: this.stopping.signal }).then(
      (carrier) => this.onDialed(link, carrier),
      (thrown) => {
        link.dialing = false;
        const error = toSystemError(thrown);
        log.debug({ peer: link.node, address, code: error.code }, "peer cannot be reached");
        this.redialLater(link);
      },
    );
  }

  private onDialed(link: Link, carrier: Carrier): void {
    const { node } = link;
    link.dialing = false;
    if (this.stopping.signal.aborted || carrier.peer.node !== node) {
      carrier.onFrame(() => {});
      carrier.close();
      this.redialLater(link);
      return;
    }
    link.carrier = carrier;
    link.pauseMs = REDIAL_MIN_MS;
    carrier.onFrame((frame) => {
      const message = this.decode(carrier, frame);
      if (!message) return;
      if (isMemberMessage(message)) this.events.fromMember(node, message);
      else this.refuse(carrier, badDirection(message));
    });
    carrier.onClose(() => {
      link.carrier = undefined;
      this.events.onDown(node);
      this.redialLater(link);
    });
    this.events.onUp(node);
  }

  private decode(carrier: Carrier, frame: ReceivedFrame): ReplicationMessage | undefined {
    try {
      return decodeReplication(frame, carrier.version);
    } catch (thrown) {
      this.refuse(carrier, toSystemError(thrown, "rpc/bad-frame"));
      return undefined;
    }
  }

  private refuse(carrier: Carrier, error: SystemError): void {
    this.deps.log.warn({ peer: carrier.peer.node, code: error.code, error }, "bad frame");
    carrier.close(error);
  }

  private redialLater(link: Link): void {
    if (this.stopping.signal.aborted) return;
    link.timer?.cancel();
    link.timer = this.deps.clock.after(link.pauseMs, () => this.dial(link));
    link.pauseMs = Math.min(REDIAL_MAX_MS, link.pauseMs * 2);
  }
}

const badDirection = ({ kind }: ReplicationMessage): SystemError =>
  new SystemError("rpc/bad-frame", `a ${kind} message came the wrong way`);
