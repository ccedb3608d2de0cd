// What people ask about single disks: to verify what lies on one, and to take one out of use for good.
import { type ProposalId, planRetirementInParts } from "@ashlar/catalog";
import { type NodeId, SystemError, toSystemError } from "@ashlar/core";
import type { DiskPlace, ScrubPass, StorageReport } from "@ashlar/rpc";
import { type Clock, inSlices } from "@ashlar/runtime";
import { findDisk } from "./named-records.ts";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";
import type { StorageCalls } from "./storage-calls.ts";
import { storeRooms } from "./store-rooms.ts";

export interface DiskAdministrationDeps {
  readonly log: ReplicatedLog;
  readonly clock: Clock;
  readonly calls: Pick<StorageCalls, "scrubDisk">;
  /** What a node told with its newest ping. */
  readonly reportOf: (node: NodeId) => StorageReport | undefined;
}

interface RetireOptions {
  /** Also when no other disk has room for what it holds. */
  readonly force: boolean;
  readonly proposal?: ProposalId | undefined;
}

export class DiskAdministration {
  private readonly deps: DiskAdministrationDeps;
  private retiring: Promise<void> = Promise.resolve();

  constructor(deps: DiskAdministrationDeps) {
    this.deps = deps;
  }

  /** @throws SystemError node/not-found, node/down, disk/not-found, disk/failed. */
  async scrub(place: DiskPlace, { signal }: { readonly signal: AbortSignal }): Promise<ScrubPass> {
    const { record } = findDisk(this.deps.log.view, place);
    const { node, state, address } = record;
    if (state === "down") throw new SystemError("node/down", `${node} is down`);
    try {
      return await this.deps.calls.scrubDisk(address, place.disk, { signal });
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toSystemError(thrown);
      if (!error.code.startsWith("rpc/")) throw error;
      throw new SystemError("node/down", `${node} does not answer`, {}, error);
    }
  }

  /**
   * Told again, it changes nothing. One after the other: of two disks with the last copies of a chunk the second
   * one is needed as soon as the first is retired.
   * @throws SystemError node/not-found, disk/not-found, disk/needed.
   */
  retire(place: DiskPlace, options: RetireOptions): Promise<void> {
    const retired = this.retiring.then(() => this.retireNow(place, options));
    this.retiring = retired.catch(() => {});
    return retired;
  }

  private async retireNow(place: DiskPlace, { force, proposal }: RetireOptions): Promise<void> {
    const { log, clock } = this.deps;
    const before = log.answered(proposal, "retireStore");
    if (before) {
      accepted(before);
      return;
    }
    const { disk } = findDisk(this.deps.log.view, place);
    const rooms = storeRooms(log.view.nodes.keys(), this.deps.reportOf);
    const plan = await inSlices(
      clock,
      planRetirementInParts(log.view, new Set([disk.storeUuid]), (store) => rooms.get(store)),
    );
    const name = `${place.node}/${place.disk}`;
    // Of which it has the only copy is judged by the command itself, whatever happens before it.
    if (plan.sole === 0 && plan.homeless > 0 && !force) {
      throw new SystemError(
        "disk/needed",
        `no other disk has room for ${plan.homeless} of the ${plan.copies} chunks on ${name}`,
        { hint: "add a disk or a node; with --force these chunks have a copy less" },
      );
    }
    const command = { kind: "retireStore", store: disk.storeUuid } as const;
    accepted((await log.propose(command, proposal)).result);
  }
}
