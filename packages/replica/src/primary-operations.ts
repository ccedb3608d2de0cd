// What an ACTIVE primary does with one operation. The order of the questions is part of the
// protocol: an opId that is logged waits for its commit and is answered good before anything can
// refuse it, unless its gateway's incarnation is dead, whose windows are gone; then epoch, generation,
// range, space, checksums. An operation takes effect when its LSN is assigned, or when its answer is
// told: that is also when its age is judged (P9) and its generation compared again (P11), after whatever
// it had to wait for.
import {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  EXTENT_SIZE,
  hasChecksums,
  isAligned,
  present,
  type ScatterList,
  unitChecksums,
} from "@ashlar/core";
import { isWithinBounds } from "./bounds.ts";
import type { Waiter } from "./chunk-log.ts";
import type { Confirmations } from "./confirmations.ts";
import { NO_CHECKSUMS, type ReplicaEvent, type ReplyTo } from "./events.ts";
import {
  UNCOMMITTED_BYTES_MAX,
  UNCOMMITTED_ENTRIES_MAX,
  WAITING_OPERATIONS_MAX,
} from "./limits.ts";
import type { LogEntry, OpId } from "./log-entry.ts";
import type { Cancellation, Operation, OperationStatusName } from "./operations.ts";
import type { PrimaryPeers } from "./primary-peers.ts";
import { PrimaryReads } from "./primary-reads.ts";
import type { RangeLocks, RangeRequest } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { ClaimQueue } from "./space-claims.ts";
import { type FoundUnits, type MergingOperation, mergedUnits, miscompareAt } from "./unit-merge.ts";
import { askRepairing } from "./unit-repair.ts";

type Mutation = Exclude<Operation, { kind: "read" }>;

/** What is logged, in whole units. */
type Content =
  | { readonly kind: "unmap"; readonly offset: number; readonly length: number }
  | {
      readonly kind: "write";
      readonly offset: number;
      readonly length: number;
      readonly data: ScatterList;
      /** null: to be computed. */
      readonly checksums: Uint32Array | null;
    };

const keyOf = ({ incarnation, seq }: OpId): string => `${incarnation} ${seq}`;

export const sameOperation = (a: OpId, b: OpId): boolean =>
  a.seq === b.seq && a.incarnation === b.incarnation;

/** Who asks for an operation, and until when it may get its LSN. */
interface Asking {
  readonly replyTo: ReplyTo[];
  /** A copy that was sent later proves more. */
  deadlineMs: number;
}

/** An operation that waits for its range, or for the confirmation of a miscompare. */
interface WaitingOperation extends Asking {
  /** Gives up its place. */
  readonly withdraw: () => void;
}

interface Lead {
  readonly core: ReplicaCore;
  readonly epoch: number;
  readonly locks: RangeLocks;
  readonly peers: PrimaryPeers;
  readonly confirmations: Confirmations;
}

export class PrimaryOperations {
  private readonly lead: Lead;
  /** By opId: a re-sent copy of one that waits shares its fate. */
  private readonly waiting = new Map<string, WaitingOperation>();
  /** Room on the own store, until the entries are committed. */
  private readonly claims: ClaimQueue;
  private readonly reads: PrimaryReads;

  constructor(lead: Lead) {
    this.lead = lead;
    this.claims = new ClaimQueue(lead.core.claims, lead.core.store);
    this.reads = new PrimaryReads(lead);
  }

  decide(event: ReplicaEvent & { readonly kind: "operation" }): void {
    const { core } = this.lead;
    const { operation, deadlineMs, replyTo } = event;
    if (core.isDeadGateway(operation.opId.incarnation)) {
      core.answer(replyTo, "staleIncarnation");
      return;
    }
    if (operation.kind !== "read" && this.isKnown(operation, { replyTo: [replyTo], deadlineMs })) {
      return;
    }
    const refusal = this.refusal(operation);
    if (refusal) core.answer(replyTo, refusal);
    else if (operation.length === 0) core.answer(replyTo, "good");
    else if (operation.kind === "read") this.reads.read(operation, replyTo);
    else this.mutate(operation, { replyTo: [replyTo], deadlineMs });
  }

  /** The operation gets no LSN any more, or has one: `replyTo` is told which. */
  cancel({ epoch, opId }: Cancellation, replyTo: ReplyTo | undefined): void {
    const { core } = this.lead;
    const asking = this.takeWaiting(opId);
    if (asking) {
      asking.withdraw();
      for (const asked of asking.replyTo) core.answer(asked, "cancelled");
    }
    if (!replyTo) return;
    if (epoch > this.lead.epoch) core.answer(replyTo, "notActive");
    else
      core.answer(replyTo, core.log.operations.find(opId) === undefined ? "cancelled" : "logged");
  }

  onCommitted(waiter: Waiter): void {
    if (waiter.kind === "reply") this.lead.core.answer(waiter.replyTo, "good");
    else waiter.readNow();
  }

  /** Entries up to `seq` are committed. */
  settled(seq: number): void {
    this.claims.settle(seq);
  }

  end(): void {
    this.reads.end();
    this.lead.confirmations.end();
    this.claims.clear();
  }

  /** Whether it is logged, in hand, or long resolved; it is answered then, now or later. */
  private isKnown(operation: Mutation, asking: Asking): boolean {
    const { core } = this.lead;
    const { opId, lowestUnresolvedSeq } = operation;
    const { log } = core;
    const found = log.operations.find(opId);
    if (found === "committed") {
      for (const replyTo of asking.replyTo) core.answer(replyTo, "good");
      return true;
    }
    if (found !== undefined) {
      const logged = present(log.at(found), "an uncommitted operation has its entry");
      for (const replyTo of asking.replyTo) logged.waiters.push({ kind: "reply", replyTo });
      return true;
    }
    const waiting = this.waiting.size > 0 ? this.waiting.get(keyOf(opId)) : undefined;
    if (waiting) {
      waiting.replyTo.push(...asking.replyTo);
      waiting.deadlineMs = Math.max(waiting.deadlineMs, asking.deadlineMs);
      return true;
    }
    if (!log.operations.isResolved(opId, lowestUnresolvedSeq)) return false;
    for (const replyTo of asking.replyTo) core.answer(replyTo, "busy");
    return true;
  }

  /** Takes out an operation that waited, unless it was cancelled. */
  private takeWaiting(opId: OpId): WaitingOperation | undefined {
    const key = keyOf(opId);
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    return waiting;
  }

  private answerWaiting({ opId }: Mutation, status: OperationStatusName, value = 0): void {
    for (const replyTo of this.takeWaiting(opId)?.replyTo ?? []) {
      this.lead.core.answer(replyTo, status, value);
    }
  }

  private dropWaiting(operation: Mutation): void {
    for (const replyTo of this.takeWaiting(operation.opId)?.replyTo ?? []) {
      this.lead.core.refuseLead(operation, replyTo);
    }
  }

  private refusal(operation: Operation): OperationStatusName | undefined {
    const { core, epoch, locks } = this.lead;
    const { kind } = operation;
    if (operation.epoch > epoch) return "notActive";
    if (operation.epoch < epoch) return "staleEpoch";
    if (core.isStale(operation)) return "staleGeneration";
    if (!isWithinBounds(operation, core.chunkSize)) return "outOfRange";
    if (kind === "read") return undefined;
    if (core.log.uncommitted.length >= UNCOMMITTED_ENTRIES_MAX) return "busy";
    if (core.log.uncommittedBytes >= UNCOMMITTED_BYTES_MAX) return "busy";
    if (locks.waitingCount >= WAITING_OPERATIONS_MAX) return "busy";
    const { opId, lowestUnresolvedSeq } = operation;
    if (core.log.operations.isFull(opId, lowestUnresolvedSeq)) return "busy";
    if (kind === "unmap") return undefined;
    return this.spaceRefusal(operation) ?? (isIntact(operation) ? undefined : "badChecksum");
  }

  /** Beyond the reserve of any required store nothing gets an LSN. */
  private spaceRefusal(operation: Mutation): "busy" | "noSpace" | undefined {
    const { core, peers } = this.lead;
    const { claims, store } = core;
    const needed = roomOf(operation);
    let worst = claims.admitsOwn(store, needed, core.freeBytes());
    for (const peer of peers.members) {
      const verdict = claims.admits(peer.store, needed);
      if (verdict === "room") continue;
      if (worst !== "noSpace") worst = verdict;
      // Its word may be old: the answer to this one serves the next attempt.
      if (!peer.attached) continue;
      peers.send(peer, { kind: "commit", commit: core.log.commit, report: true });
    }
    return worst === "room" ? undefined : worst;
  }

  private mutate(operation: Mutation, asking: Asking): void {
    if (operation.kind === "unmap" || (operation.kind === "write" && isWhole(operation))) {
      this.logAsItCame(operation, asking);
    } else this.mergeAndLog(operation, asking);
  }

  private logAsItCame(operation: Mutation & Content, asking: Asking): void {
    const { locks } = this.lead;
    const { offset, length } = operation;
    if (locks.isFree(offset, length)) {
      this.log(operation, operation, asking);
      return;
    }
    const request: RangeRequest = {
      offset,
      length,
      exclusive: false,
      run: () => this.log(operation, operation, this.takeWaiting(operation.opId)),
      drop: () => this.dropWaiting(operation),
    };
    this.wait(operation, asking, () => locks.release(request));
    locks.request(request);
  }

  private wait({ opId }: Mutation, asking: Asking, withdraw: () => void): void {
    this.waiting.set(keyOf(opId), { ...asking, withdraw });
  }

  /** Parts of units, or-write and compare-and-write: read the whole units under their lock, then log them. */
  private mergeAndLog(operation: MergingOperation, asking: Asking): void {
    const { core, locks, peers } = this.lead;
    const offset = alignDown(operation.offset, CHECKSUM_UNIT);
    const length = alignUp(operation.offset + operation.length, CHECKSUM_UNIT) - offset;
    let dropped = false;
    const request: RangeRequest = {
      offset,
      length,
      exclusive: true,
      drop: () => {
        dropped = true;
        this.dropWaiting(operation);
      },
      run: () =>
        askRepairing(
          { core, repairs: peers.repairs },
          { kind: "read", offset, length },
          ({ data }) => {
            if (dropped) return;
            this.merge(operation, { offset, length, data });
            locks.release(request);
          },
          (failure) => {
            if (dropped) return;
            this.answerWaiting(operation, failure === "diskFailed" ? failure : "badChecksum");
            locks.release(request);
          },
        ),
    };
    this.wait(operation, asking, () => {
      dropped = true;
      locks.release(request);
    });
    locks.request(request);
  }

  private merge(operation: MergingOperation, units: FoundUnits): void {
    const at = miscompareAt(operation, units);
    if (at >= 0) {
      this.tellMiscompare(operation, at);
      return;
    }
    const { offset, length } = units;
    const data = mergedUnits(operation, units);
    const content = { kind: "write", offset, length, data, checksums: null } as const;
    this.log(operation, content, this.takeWaiting(operation.opId));
  }

  /**
   * It reveals state like a read. The range is free meanwhile: what was found was found. Copies of
   * the operation that come in between are the same request and share its confirmation.
   */
  private tellMiscompare(operation: MergingOperation, at: number): void {
    const { confirmations } = this.lead;
    const request = confirmations.begin(2 * operation.length);
    if (!request) {
      this.answerWaiting(operation, "busy");
      return;
    }
    confirmations.answer(request, {
      tell: () =>
        this.lead.core.isStale(operation)
          ? this.answerWaiting(operation, "staleGeneration")
          : this.answerWaiting(operation, "miscompare", at),
      refuse: () => this.dropWaiting(operation),
    });
  }

  /** What may have become true while it waited. */
  private lateRefusal(
    operation: Mutation,
    { deadlineMs }: Asking,
  ): "staleGeneration" | "staleToken" | undefined {
    const { core } = this.lead;
    if (core.isStale(operation)) return "staleGeneration";
    return core.nowMs() <= deadlineMs ? undefined : "staleToken";
  }

  /**
   * Assigns the LSN: from here on the operation has taken effect. Too old, or overtaken by a change of
   * the volume, it never does.
   */
  private log(operation: Mutation, content: Content, asking: Asking | undefined): void {
    const { core, epoch, peers } = this.lead;
    if (!asking) return;
    const refusal = this.lateRefusal(operation, asking);
    if (refusal) {
      for (const replyTo of asking.replyTo) core.answer(replyTo, refusal);
      return;
    }
    const { opId, lowestUnresolvedSeq } = operation;
    const prev = core.log.tail;
    const { offset, length } = content;
    const lsn = { epoch, seq: prev.seq + 1 };
    const head = { lsn, opId, lowestUnresolvedSeq, offset, length };
    const entry: LogEntry =
      content.kind === "unmap"
        ? { ...head, kind: "unmap" }
        : {
            ...head,
            kind: "write",
            data: content.data,
            checksums: content.checksums ?? unitChecksums(operation.chunk, offset, content.data),
          };
    const waiters = asking.replyTo.map((replyTo) => ({ kind: "reply", replyTo }) as const);
    core.append({ entry, waiters });
    const needed = content.kind === "unmap" ? 0 : roomOf(content);
    this.claims.add(entry.lsn.seq, needed);
    peers.replicate(prev, entry, needed);
  }
}

/** Whether a range is of whole units. */
const isWhole = ({ offset, length }: { offset: number; length: number }): boolean =>
  isAligned(offset, CHECKSUM_UNIT) && isAligned(length, CHECKSUM_UNIT);

/** Whole extents that a range may need anew. */
const roomOf = ({ offset, length }: { offset: number; length: number }): number =>
  alignUp(offset + length, EXTENT_SIZE) - alignDown(offset, EXTENT_SIZE);

/** Whether the payload is what the gateway sent. */
function isIntact({ chunk, offset, data, checksums = NO_CHECKSUMS }: MergingOperation): boolean {
  return hasChecksums(chunk, offset, { data, checksums });
}
