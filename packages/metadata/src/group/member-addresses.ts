// Where members are. The catalog knows it of all who joined; this process' own configuration is asked
// first, since it may be newer: after a whole cluster was down, nobody could tell the catalog yet. Who
// moves while this process runs tells the catalog, and from then on the configuration is the older one.
import type { CatalogChange } from "@ashlar/catalog";
import type { NodeId } from "@ashlar/core";
import { type MemberId, NONE } from "@ashlar/raft";
import type { ReplicatedLog } from "../replicated-log.ts";

const MEMBER_CHANGES: ReadonlySet<CatalogChange["kind"]> = new Set(["member", "memberRemoved"]);

export class MemberAddresses {
  private readonly log: Pick<ReplicatedLog, "view" | "subscribe">;
  private readonly configured: ReadonlyMap<NodeId, string>;
  private readonly noted = new Map<MemberId, string>();
  private recorded: ReadonlyMap<NodeId, string>;
  /** Members that have moved since this process started. */
  private readonly moved = new Set<NodeId>();

  /** `lastIndex`: of the log when this process started; what it holds is older than the configuration. */
  constructor(
    log: Pick<ReplicatedLog, "view" | "subscribe">,
    configured: readonly { readonly nodeId: NodeId; readonly address: string }[],
    { lastIndex }: { readonly lastIndex: number },
  ) {
    this.log = log;
    this.configured = new Map(configured.map(({ nodeId, address }) => [nodeId, address]));
    this.recorded = this.records();
    log.subscribe(({ index, changes, restored }) => {
      if (!restored && !changes.some(({ kind }) => MEMBER_CHANGES.has(kind))) return;
      const before = this.recorded;
      this.recorded = this.records();
      if (index <= lastIndex) return;
      for (const [node, address] of this.recorded) {
        if ((before.get(node) ?? address) !== address) this.moved.add(node);
      }
    });
  }

  /** Of a member that this one met before its catalog knew of it. */
  note(member: MemberId, address: string): void {
    this.noted.set(member, address);
  }

  of(member: MemberId): string | undefined {
    for (const record of this.log.view.members.values()) {
      if (record.member !== member || member === NONE) continue;
      const configured = this.moved.has(record.node) ? undefined : this.configured.get(record.node);
      return configured ?? record.address;
    }
    return this.noted.get(member);
  }

  /** Wherever a member may be found. */
  all(): readonly string[] {
    return [...new Set([...this.configured.values(), ...this.recorded.values()])];
  }

  private records(): ReadonlyMap<NodeId, string> {
    const records = [...this.log.view.members.values()];
    return new Map(records.map(({ node, address }) => [node, address]));
  }
}
