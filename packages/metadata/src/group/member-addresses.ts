// Where members are. The catalog knows it of all who joined; this process' own configuration is asked
// first, since it may be newer: after a whole cluster was down, nobody could tell the catalog yet.
import type { NodeId } from "@ashlar/core";
import { type MemberId, NONE } from "@ashlar/raft";
import type { ReplicatedLog } from "../replicated-log.ts";

export class MemberAddresses {
  private readonly log: Pick<ReplicatedLog, "view">;
  private readonly configured: ReadonlyMap<NodeId, string>;
  private readonly noted = new Map<MemberId, string>();

  constructor(
    log: Pick<ReplicatedLog, "view">,
    configured: readonly { readonly nodeId: NodeId; readonly address: string }[],
  ) {
    this.log = log;
    this.configured = new Map(configured.map(({ nodeId, address }) => [nodeId, address]));
  }

  /** Of a member that this one met before its catalog knew of it. */
  note(member: MemberId, address: string): void {
    this.noted.set(member, address);
  }

  of(member: MemberId): string | undefined {
    for (const record of this.log.view.members.values()) {
      if (record.member !== member || member === NONE) continue;
      return this.configured.get(record.node) ?? record.address;
    }
    return this.noted.get(member);
  }

  /** Wherever a member may be found. */
  all(): readonly string[] {
    const recorded = [...this.log.view.members.values()].map(({ address }) => address);
    return [...new Set([...this.configured.values(), ...recorded])];
  }
}
