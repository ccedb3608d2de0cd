// The commands of the confchange scripts: `simple`, `enter-joint`, `leave-joint` on one growing group.
import {
  type ChangeResult,
  EMPTY_GROUP,
  enterJoint,
  formatMembership,
  type Group,
  leaveJoint,
  type NewPeer,
  simpleChange,
} from "../membership.ts";
import { peerStatus } from "../raft.ts";
import { flagOf, type Stanza } from "./script.ts";
import { formatProgress, parseChanges } from "./transcript.ts";

const LIMITS = { messagesMax: 10, bytesMax: Number.POSITIVE_INFINITY };

/** Runs stanzas one after the other; every one counts as a log entry, refused or not. */
export class MembershipScript {
  private group: Group = EMPTY_GROUP;
  private lastIndex = 0;

  run(stanza: Stanza): string[] {
    const result = this.change(stanza);
    this.lastIndex += 1;
    if (result.kind === "refused") return [result.reason];
    this.group = result.group;
    return this.describe();
  }

  private change({ commands: [command], line }: Stanza): ChangeResult {
    const newPeer: NewPeer = { lastIndex: this.lastIndex, limits: LIMITS };
    const changes = parseChanges(command?.input ?? []);
    switch (command?.name) {
      case "simple":
        return simpleChange(this.group, changes, newPeer);
      case "enter-joint":
        return enterJoint(
          this.group,
          { changes, autoLeave: flagOf(command, "autoleave") },
          newPeer,
        );
      case "leave-joint":
        return leaveJoint(this.group);
      default:
        throw new Error(`line ${line}: unknown command`);
    }
  }

  private describe(): string[] {
    return [
      formatMembership(this.group.membership),
      ...[...this.group.peers].map(([id, progress]) => formatProgress(peerStatus(id, progress))),
    ];
  }
}
