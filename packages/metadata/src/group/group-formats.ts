// What the members of the group read, as they told: while a rolling upgrade is under way they are of two releases, and
// an entry that a member cannot read would be its end.
import { FORMATS, FORMATS_UNTOLD, type Formats } from "@ashlar/catalog";
import type { MemberId, Membership } from "@ashlar/raft";

export class GroupFormats {
  private readonly self: MemberId;
  private readonly told = new Map<MemberId, Formats>();

  constructor(self: MemberId) {
    this.self = self;
  }

  note(member: MemberId, formats: Formats): void {
    this.told.set(member, formats);
  }

  of(member: MemberId): Formats {
    if (member === this.self) return FORMATS;
    return this.told.get(member) ?? FORMATS_UNTOLD;
  }

  /** In which format commands are written, and for whose sake: the oldest that any of them needs. */
  commandFormat({ incoming, outgoing, learners }: Membership): {
    readonly format: number;
    readonly neededBy: MemberId;
  } {
    let [format, neededBy] = [FORMATS.command, this.self];
    for (const member of [...incoming, ...outgoing, ...learners]) {
      const { command } = this.of(member);
      if (command < format) [format, neededBy] = [command, member];
    }
    return { format, neededBy };
  }

  /** In which format a snapshot is written: the newest that all of them read. */
  stateFormat({ incoming, outgoing, learners }: Membership): number {
    const members = [...incoming, ...outgoing, ...learners];
    return Math.min(FORMATS.state, ...members.map((member) => this.of(member).state));
  }

  /** Whether these are of this member's formats: else their states cannot be compared. */
  agrees(members: Iterable<MemberId>): boolean {
    for (const member of members) {
      const { command, state } = this.of(member);
      if (command !== FORMATS.command || state !== FORMATS.state) return false;
    }
    return true;
  }
}
