// Comparing the in-sync replicas of a chunk at one LSN (P15): under a lock of the whole chunk, with
// nothing uncommitted, every member tells the digest of its committed content at that LSN. If the check is to
// be deep, each then reads back and verifies, outside of the lock, what lies on its disk, and what is damaged
// is repaired.
import { CHECKSUM_UNIT, type Lsn, type NodeId, sameLsn } from "@ashlar/core";
import type { CheckOutcome } from "./events.ts";
import { DAMAGED_UNITS_TOLD_MAX } from "./limits.ts";
import type { Peer } from "./peer.ts";
import type { PrimaryPeers } from "./primary-peers.ts";
import type { RangeLocks, RangeRequest } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { askRepairing, isUnit } from "./unit-repair.ts";

interface Verified {
  readonly damagedUnits: number;
  readonly damaged: readonly number[];
}

/** A unit to be repaired on that member, undefined for this one. */
interface Repair {
  readonly peer: Peer | undefined;
  readonly unit: number;
}

interface Lead {
  readonly core: ReplicaCore;
  readonly locks: RangeLocks;
  readonly peers: PrimaryPeers;
  readonly deep: boolean;
}

export class ReplicaComparison {
  private readonly lead: Lead;
  private readonly report: (outcome: CheckOutcome) => void;
  private readonly request: RangeRequest;
  private members: readonly Peer[] = [];
  private at: Lsn | undefined;
  private own: string | undefined;
  private readonly digests = new Map<NodeId, string>();
  private readonly verified = new Map<Peer, Verified>();
  private ownDamaged: readonly number[] | undefined;
  private toRepair: Repair[] = [];
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

  onVerified(peer: Peer, verified: Verified): void {
    if (!this.members.includes(peer) || this.verified.has(peer)) return;
    this.verified.set(peer, verified);
    this.repairWhenVerified();
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
    const { core, locks, peers, deep } = this.lead;
    if (!deep) {
      this.finishWithSums();
      return;
    }
    this.isVerifying = true;
    for (const peer of this.members) peers.send(peer, { kind: "verifyRequest" });
    core.ask(
      { kind: "verify" },
      (damaged) => {
        this.ownDamaged = damaged;
        this.repairWhenVerified();
      },
      () => this.fail(),
    );
    locks.release(this.request);
  }

  /** What is damaged anywhere is repaired from where it is not; told is what was found. */
  private repairWhenVerified(): void {
    const { ownDamaged, members, verified } = this;
    if (this.isOver || ownDamaged === undefined || verified.size < members.length) return;
    const { chunkSize } = this.lead.core;
    const lists: (readonly [peer: Peer | undefined, units: readonly number[]])[] = [
      [undefined, ownDamaged.slice(0, DAMAGED_UNITS_TOLD_MAX)],
    ];
    for (const [peer, { damaged }] of verified) {
      const units = damaged.slice(0, DAMAGED_UNITS_TOLD_MAX);
      lists.push([peer, units.filter((unit) => isUnit(unit, chunkSize))]);
      if (units.length > 0) this.lead.core.notice({ what: "repairSent", node: peer.node, units });
    }
    this.toRepair = lists.flatMap(([peer, units]) => units.map((unit) => ({ peer, unit })));
    this.repairNext();
  }

  /** One unit after the other: reading the own one repairs it, and what was read repairs another's. */
  private repairNext(): void {
    const next = this.toRepair.shift();
    if (this.isOver) return;
    if (!next) {
      this.finishWithSums();
      return;
    }
    const { core, locks, peers } = this.lead;
    const offset = next.unit * CHECKSUM_UNIT;
    const goOn = (): void => {
      locks.release(request);
      this.repairNext();
    };
    const request: RangeRequest = {
      offset,
      length: CHECKSUM_UNIT,
      exclusive: true,
      drop: () => {},
      run: () =>
        askRepairing(
          { core, repairs: peers.repairs },
          { kind: "read", offset, length: CHECKSUM_UNIT },
          ({ data }) => {
            if (!this.isOver && next.peer) peers.repairs.give(next.peer, next.unit, data);
            goOn();
          },
          goOn,
        ),
    };
    locks.request(request);
  }

  private finishWithSums(): void {
    let damagedUnits = this.ownDamaged?.length ?? 0;
    for (const told of this.verified.values()) damagedUnits += told.damagedUnits;
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
