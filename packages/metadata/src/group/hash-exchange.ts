// Members that have applied as far must be equal (R9). Every so many entries each tells the others the
// hash of its state, by an entry of the log, and one that differs from a majority stops itself: it may
// not answer anybody, and what it has may not be the source for anybody else.
import { encodeProposal, FORMATS, hashOfEncoded } from "@ashlar/catalog";
import { SystemError } from "@ashlar/core";
import type { MemberId } from "@ashlar/raft";
import { type Clock, inSlices, type Log, type Startable } from "@ashlar/runtime";
import type { CatalogMachine } from "./catalog-machine.ts";
import type { GroupFormats } from "./group-formats.ts";
import type { GroupLog } from "./group-log.ts";
import type { RaftHost } from "./raft-host.ts";

/** A hash costs as much as a snapshot, so it is taken a few times per snapshot and no more. */
export const HASH_EVERY_ENTRIES = 1024;

export const isHashDue = (index: number): boolean => index % HASH_EVERY_ENTRIES === 0;

export interface HashReports {
  readonly index: number;
  readonly reports: ReadonlyMap<MemberId, number>;
}

/** What most of the voters found, if most found the same and `self` found something else. */
export function differsFromMost(
  { reports }: HashReports,
  voters: ReadonlySet<MemberId>,
  self: MemberId,
): { readonly own: number; readonly most: number } | undefined {
  const own = reports.get(self);
  if (own === undefined) return undefined;
  const counts = new Map<number, number>();
  for (const [member, hash] of reports) {
    if (voters.has(member)) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  }
  for (const [most, count] of counts) {
    if (most !== own && count > voters.size / 2) return { own, most };
  }
  return undefined;
}

export interface HashExchangeDeps {
  readonly machine: CatalogMachine;
  readonly groupLog: GroupLog;
  readonly host: RaftHost;
  readonly formats: Pick<GroupFormats, "agrees">;
  readonly clock: Clock;
  readonly log: Log;
}

export class HashExchange implements Startable {
  private readonly deps: HashExchangeDeps;
  private readonly onDiffers: (error: SystemError) => void;
  private stopListening = (): void => {};
  private judged = 0;
  private stopped = false;

  constructor(
    deps: HashExchangeDeps,
    { onDiffers }: { readonly onDiffers: (error: SystemError) => void },
  ) {
    this.deps = deps;
    this.onDiffers = onDiffers;
  }

  async start(): Promise<void> {
    this.stopListening = this.deps.groupLog.subscribe(({ index, restored }) => {
      if (!restored && isHashDue(index)) void this.report(index);
      this.judge();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening();
  }

  /** Of the state as it is now, told when it is known: others hear which entry it is of. */
  private async report(index: number): Promise<void> {
    const { host, machine, clock, formats } = this.deps;
    // Members of two releases write the same state in different ways: nobody is judged by that.
    const { leader, membership } = host.status;
    const { incoming, outgoing, learners } = membership;
    const compared = leader === host.member ? [...incoming, ...outgoing, ...learners] : [leader];
    if (!formats.agrees(compared)) return;
    const hash = hashOfEncoded(await inSlices(clock, machine.encode(FORMATS.state)));
    if (this.stopped) return;
    const command = { kind: "reportHash", member: host.member, index, hash } as const;
    host.proposeAnywhere(encodeProposal({ id: undefined, command }));
  }

  private judge(): void {
    const { machine, host, log } = this.deps;
    const found = machine.state.hashReports;
    if (found.index <= this.judged) return;
    const { incoming } = host.status.membership;
    if (found.reports.size < incoming.size && !differsFromMost(found, incoming, host.member))
      return;
    this.judged = found.index;
    const differing = differsFromMost(found, incoming, host.member);
    log.debug({ index: found.index, members: found.reports.size }, "states compared");
    if (!differing) return;
    const message = `R9: the state at entry ${found.index} is not that of the other members`;
    this.onDiffers(new SystemError("raft/diverged", message, { ...differing, index: found.index }));
  }
}
