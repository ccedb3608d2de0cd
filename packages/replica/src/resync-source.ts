// The primary's end of a resync: it sends a learner every extent that is newer than the common point
// on either side, bounded in flight, between the live entries. An extent is read under its range
// lock, with no uncommitted entry on it and no new one until the copy is on its way: so copy and
// entries are one queue, and a copy never overwrites what is newer.
import { EXTENT_SIZE, type Lsn } from "@ashlar/core";
import { COPIES_IN_FLIGHT_MAX } from "./limits.ts";
import type { Peer } from "./peer.ts";
import type { PeerMessage } from "./primary-peers.ts";
import type { RangeLocks, RangeRequest } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { askRepairing, type UnitRepairs } from "./unit-repair.ts";

export interface ResyncPorts {
  readonly core: ReplicaCore;
  readonly locks: RangeLocks;
  readonly send: (peer: Peer, message: PeerMessage) => void;
  /** The session is of no use any more: begin another. */
  readonly restart: (peer: Peer) => void;
  readonly repairs: UnitRepairs;
}

export class ResyncSource {
  private readonly ports: ResyncPorts;
  private readonly peer: Peer;
  private readonly requests = new Set<RangeRequest>();
  private ownExtents: readonly number[] | undefined;
  private learnerExtents: readonly number[] | undefined;
  private plan: readonly number[] | undefined;
  private next = 0;
  private inFlight = 0;
  /** On their way or not yet durable there. */
  private readonly sent = new Set<number>();
  private ended = false;
  private stopped = false;
  private granted = false;

  /** Asks for the driver's leave: how many chunks are copied at a time is its decision. */
  constructor(ports: ResyncPorts, peer: Peer) {
    this.ports = ports;
    this.peer = peer;
    ports.core.emit({ kind: "requestResync", node: peer.node });
  }

  /** Everything was copied; the learner's word that it has it is awaited. */
  get isEnding(): boolean {
    return this.ended;
  }

  get isGranted(): boolean {
    return this.granted;
  }

  /** The driver gave leave: the learner's log continues from the commit LSN. */
  start(from: Lsn): void {
    const { core, send } = this.ports;
    this.granted = true;
    const { commit: base, operations } = core.log;
    send(this.peer, { kind: "resyncStart", from, base, windows: operations.windows });
    core.ask(
      { kind: "listExtents", after: from },
      (stamps) => {
        this.ownExtents = stamps.map(({ extent }) => extent);
        this.makePlan();
      },
      () => this.ports.restart(this.peer),
    );
  }

  onReady(extents: readonly number[]): void {
    const count = this.ports.core.chunkSize / EXTENT_SIZE;
    this.learnerExtents = extents.filter((extent) => extent < count);
    this.makePlan();
  }

  onCopyAck(extent: number): void {
    if (!this.sent.delete(extent)) return;
    this.inFlight -= 1;
    this.pump();
  }

  /** Gives back what is held; nothing is sent afterwards. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    const { core, locks } = this.ports;
    for (const request of this.requests) locks.release(request);
    this.requests.clear();
    core.emit({ kind: "releaseResync", node: this.peer.node });
    core.notice({ what: "resyncStopped", node: this.peer.node, extents: this.next });
  }

  /** The learner has everything durably. */
  finish(): void {
    if (this.stopped) return;
    this.stopped = true;
    const { core } = this.ports;
    core.emit({ kind: "releaseResync", node: this.peer.node });
    core.notice({ what: "resyncEnded", node: this.peer.node, extents: this.next });
  }

  private makePlan(): void {
    if (this.stopped || this.plan || !this.ownExtents || !this.learnerExtents) return;
    const wanted = new Set([...this.ownExtents, ...this.learnerExtents]);
    this.plan = [...wanted].sort((a, b) => a - b);
    const { core } = this.ports;
    core.notice({ what: "resyncStarted", node: this.peer.node, extents: this.plan.length });
    this.pump();
  }

  private pump(): void {
    if (this.stopped || !this.plan) return;
    while (this.inFlight < COPIES_IN_FLIGHT_MAX) {
      const extent = this.plan[this.next];
      if (extent === undefined) break;
      this.next += 1;
      this.inFlight += 1;
      this.copy(extent);
    }
    if (this.inFlight > 0 || this.ended) return;
    this.ended = true;
    this.ports.send(this.peer, { kind: "resyncEnd", commit: this.ports.core.log.commit });
  }

  private copy(extent: number): void {
    const { core, locks, repairs, send, restart } = this.ports;
    const done = (): void => {
      this.requests.delete(request);
      locks.release(request);
    };
    const request: RangeRequest = {
      offset: extent * EXTENT_SIZE,
      length: EXTENT_SIZE,
      exclusive: true,
      run: () =>
        askRepairing(
          { core, repairs },
          { kind: "readExtent", extent },
          (copy) => {
            if (this.stopped) return;
            this.sent.add(extent);
            send(this.peer, { kind: "copyExtent", commit: core.log.commit, copy });
            done();
          },
          () => {
            if (this.stopped) return;
            done();
            restart(this.peer);
          },
        ),
      drop: () => {},
    };
    this.requests.add(request);
    locks.request(request);
  }
}
