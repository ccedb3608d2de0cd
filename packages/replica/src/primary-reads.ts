// How an ACTIVE primary reads: from committed state, after the request arrived, past no entry that
// was logged before it. The disk is read while the members confirm (confirmations.ts).
import { alignDown, alignUp, CHECKSUM_UNIT } from "@ashlar/core";
import type { ReadResult } from "./chunk-store.ts";
import type { Confirmations, Unconfirmed } from "./confirmations.ts";
import type { ReplyTo } from "./events.ts";
import type { Operation } from "./operations.ts";
import type { PrimaryPeers } from "./primary-peers.ts";
import type { RangeLocks, RangeRequest } from "./range-locks.ts";
import type { ReplicaCore } from "./replica-core.ts";
import { askRepairing } from "./unit-repair.ts";

interface Read {
  readonly operation: Operation;
  readonly replyTo: ReplyTo;
  readonly request: Unconfirmed;
}

interface Lead {
  readonly core: ReplicaCore;
  readonly locks: RangeLocks;
  readonly peers: PrimaryPeers;
  readonly confirmations: Confirmations;
}

export class PrimaryReads {
  private readonly lead: Lead;
  private over = false;

  constructor(lead: Lead) {
    this.lead = lead;
  }

  read(operation: Operation, replyTo: ReplyTo): void {
    const { core, confirmations } = this.lead;
    const request = confirmations.begin(operation.length);
    if (!request) {
      core.answer(replyTo, "busy");
      return;
    }
    const read: Read = { operation, replyTo, request };
    const logged = core.log.lastOverlap(operation.offset, operation.length);
    if (logged) logged.waiters.push({ kind: "read", replyTo, readNow: () => this.readNow(read) });
    else this.readNow(read);
  }

  end(): void {
    this.over = true;
  }

  private readNow({ operation, replyTo, request }: Read): void {
    const { core, confirmations } = this.lead;
    const { offset, length } = operation;
    const refuse = (): void => core.refuseLead(operation, replyTo);
    core.ask(
      { kind: "read", offset, length },
      (result) => this.onRead({ operation, replyTo, request }, result),
      (failure) => {
        if (this.over) refuse();
        else if (failure === "badChecksum") this.readRepairing({ operation, replyTo, request });
        else {
          confirmations.drop(request);
          core.answer(replyTo, failure);
        }
      },
    );
  }

  /** Again, under a lock of its units, so that they can be had from other members (P14). */
  private readRepairing(read: Read): void {
    const { core, confirmations, locks, peers } = this.lead;
    const { operation, replyTo, request } = read;
    const offset = alignDown(operation.offset, CHECKSUM_UNIT);
    const end = alignUp(operation.offset + operation.length, CHECKSUM_UNIT);
    const lock: RangeRequest = {
      offset,
      length: end - offset,
      exclusive: true,
      drop: () => core.refuseLead(operation, replyTo),
      run: () =>
        askRepairing(
          { core, repairs: peers.repairs },
          { kind: "read", offset: operation.offset, length: operation.length },
          (result) => {
            // The lock was dropped, and with it this read told that it is over.
            if (this.over) return;
            this.onRead(read, result);
            locks.release(lock);
          },
          (failure) => {
            if (this.over) return;
            confirmations.drop(request);
            core.answer(replyTo, failure);
            locks.release(lock);
          },
        ),
    };
    locks.request(lock);
  }

  private onRead({ operation, replyTo, request }: Read, { data, checksums }: ReadResult): void {
    const { core, confirmations } = this.lead;
    const refuse = (): void => core.refuseLead(operation, replyTo);
    if (this.over) {
      refuse();
      return;
    }
    const tell = (): void => {
      const epoch = core.knownEpoch;
      // The volume may have changed while the read waited (P11).
      if (core.isStale(operation)) core.answer(replyTo, "staleGeneration");
      else core.reply(replyTo, { status: "good", epoch, value: 0, data, checksums });
    };
    confirmations.answer(request, { tell, refuse });
  }
}
