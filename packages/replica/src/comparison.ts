// Comparing the in-sync replicas of a chunk at one LSN (P15): under a lock of the whole chunk, with
// nothing uncommitted, every member tells the digest of its committed content at that LSN. Outside
// of the lock each then reads back and verifies what lies on its disk.
import { type Lsn, type NodeId, sameLsn } from "@ashlar/core";
import type { CheckOutcome } from "./events.ts";
import type { Peer } from "./peer.ts";
import type { PrimaryPeers } from "./primary-peers.ts";
import type { RangeLocks, RangeRequest } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";

interface Lead {
  readonly core: ReplicaCore;
  readonly locks: RangeLocks;
  readonly peers: PrimaryPeers;
}

export function compareReplicas(
  lead: Lead,
  report: (outcome: CheckOutcome) => void,
): ReplicaComparison {
  const comparison = new ReplicaComparison(lead, report);
  comparison.start();
  return comparison;
}

export class ReplicaComparison {
  private readonly lead: Lead;
  private readonly report: (outcome: CheckOutcome) => void;
  private readonly request: RangeRequest;
  private members: readonly Peer[] = [];
  private at: Lsn | undefined;
  private own: string | undefined;
  private readonly digests = new Map<NodeId, string>();
  private readonly damaged = new Map<NodeId, number>();
  private ownDamaged: number | undefined;
  private isVerifying = false;
  private isOver = false;

  constructor(lead: Lead, report: (outcome: CheckOutcome) => void) {
    this.lead = lead;
    this.report = report;
    this.request = {
      offset: 0,
      length: lead.core.chunkSize,
      exclusive: true,
      run: () => this.askDigests(),
      drop: () => {},
    };
  }

  start(): void {
    this.lead.locks.request(this.request);
  }

  onDigest(peer: Peer, { lsn, digest }: { readonly lsn: Lsn; readonly digest: string }): void {
    if (!this.at || !this.members.includes(peer)) return;
    if (!sameLsn(lsn, this.at)) {
      this.fail();
      return;
    }
    this.digests.set(peer.node, digest);
    this.verifyWhenAllTold();
  }

  onVerified(peer: Peer, damagedUnits: number): void {
    if (!this.members.includes(peer)) return;
    this.damaged.set(peer.node, damagedUnits);
    this.finishWhenVerified();
  }

  /** A member left or its connection broke: what it told or would tell is of no use. */
  onPeersChanged(): void {
    const { members } = this.lead.peers;
    const isSame =
      members.length === this.members.length &&
      this.members.every((peer) => members.includes(peer) && peer.session !== 0);
    if (this.at && !isSame) this.fail();
  }

  fail(): void {
    this.finish({ kind: "unavailable" });
  }

  private askDigests(): void {
    const { core, peers } = this.lead;
    this.members = [...peers.members];
    if (this.members.some(({ session }) => session === 0)) {
      this.fail();
      return;
    }
    const lsn = core.log.commit;
    this.at = lsn;
    for (const peer of this.members) peers.send(peer, { kind: "digestRequest", lsn });
    core.ask(
      { kind: "digest" },
      (digest) => {
        this.own = digest;
        this.verifyWhenAllTold();
      },
      () => this.fail(),
    );
  }

  private verifyWhenAllTold(): void {
    if (this.isOver || this.isVerifying || this.own === undefined) return;
    if (this.digests.size < this.members.length) return;
    this.isVerifying = true;
    const { core, locks, peers } = this.lead;
    for (const peer of this.members) peers.send(peer, { kind: "verifyRequest" });
    core.ask(
      { kind: "verify" },
      (damagedUnits) => {
        this.ownDamaged = damagedUnits;
        this.finishWhenVerified();
      },
      () => this.fail(),
    );
    locks.release(this.request);
  }

  private finishWhenVerified(): void {
    if (this.ownDamaged === undefined || this.damaged.size < this.members.length) return;
    let damagedUnits = this.ownDamaged;
    for (const count of this.damaged.values()) damagedUnits += count;
    const different = [...this.digests.values()].filter((digest) => digest !== this.own).length;
    const replicas = this.members.length + 1;
    this.finish({ kind: "checked", replicas, different, damagedUnits });
  }

  private finish(outcome: CheckOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.report(outcome);
    this.lead.locks.release(this.request);
  }
}
