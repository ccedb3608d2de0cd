// A group whose logs a test writes down as in the figures of the paper, by the terms of their entries:
// entry i of `[1, 1, 4]` has index i + 1. Hosts do their work at once; messages wait for the test.
import type { RaftConfig } from "../config.ts";
import type { Message } from "../messages.ts";
import { Raft } from "../raft.ts";
import type { ReadState } from "../read-index.ts";
import { MEMBERSHIP_EMPTY, MemoryStorage } from "../storage.ts";
import { type Entry, LOG_VERSION, type MemberId, NONE, type Term } from "../types.ts";

export const ELECTION_TICKS = 10;

export type PaperOptions = Partial<RaftConfig> & { readonly learners?: readonly MemberId[] };

interface PaperMember {
  readonly raft: Raft;
  readonly storage: MemoryStorage;
  readonly applied: Entry[];
  readonly reads: ReadState[];
}

export class PaperGroup {
  /** Messages on their way, in the order they were sent. */
  network: Message[] = [];
  private readonly members: readonly PaperMember[];

  constructor(
    logs: readonly (readonly Term[])[],
    { learners = [], ...options }: PaperOptions = {},
  ) {
    const ids = logs.map((_, at) => at + 1);
    const voters = ids.filter((id) => !learners.includes(id));
    const data = new Uint8Array(0);
    this.members = logs.map((terms, at) => {
      const storage = new MemoryStorage();
      const membership = { ...MEMBERSHIP_EMPTY, voters, learners };
      storage.setSnapshot({ version: LOG_VERSION, index: 0, term: 0, membership, data });
      storage.append(terms.map((term, index) => entryOf(term, index + 1)));
      storage.setHardState({ term: terms.at(-1) ?? 0, vote: NONE, commit: 0 });
      const raft = new Raft({
        random: () => 0,
        electionTicks: ELECTION_TICKS,
        heartbeatTicks: 1,
        preVote: false,
        checkQuorum: false,
        ...options,
        id: at + 1,
        storage,
      });
      return { raft, storage, applied: [], reads: [] };
    });
  }

  raft = (id: MemberId): Raft => this.member(id).raft;
  storage = (id: MemberId): MemoryStorage => this.member(id).storage;
  reads = (id: MemberId): readonly ReadState[] => this.member(id).reads;

  /** Data of what a member applied, without empty entries. */
  applied(id: MemberId): string[] {
    return this.member(id)
      .applied.filter(({ kind, data }) => kind === "normal" && data.length > 0)
      .map(({ data }) => Buffer.from(data).toString());
  }

  /** The terms of a member's whole log. */
  terms(id: MemberId): Term[] {
    const storage = this.storage(id);
    const entries = storage.entries(1, storage.lastIndex() + 1, Number.MAX_SAFE_INTEGER);
    return entries.map(({ term }) => term);
  }

  /** Every host does all its work; what it sends joins the network. */
  work(): void {
    for (const { raft, storage, applied, reads } of this.members) {
      while (raft.hasReady) {
        const ready = raft.ready();
        if (ready.hardState) storage.setHardState(ready.hardState);
        if (ready.snapshot) storage.applySnapshot(ready.snapshot);
        storage.append(ready.entries);
        this.network.push(...ready.messages);
        for (const entry of ready.committed) {
          if (entry.kind !== "normal") raft.applyChange(entry);
          applied.push(entry);
          const { index, term } = entry;
          const { membership } = raft;
          const data = new Uint8Array(0);
          storage.setSnapshot({ version: LOG_VERSION, index, term, membership, data });
        }
        reads.push(...ready.readStates);
        raft.advance();
      }
    }
  }

  /** Delivers until all is quiet; only members of `among` hear each other, all else is lost. */
  settle(among: readonly MemberId[] = this.members.map((_, at) => at + 1)): void {
    this.work();
    while (this.network.length > 0) {
      const sent = this.network;
      this.network = [];
      for (const message of sent) {
        const { from, to } = message;
        if (among.includes(from) && among.includes(to)) this.raft(to).step(message);
      }
      this.work();
    }
  }

  /** Lets a member campaign, heard by `among` only. */
  campaign(id: MemberId, among?: readonly MemberId[]): void {
    this.raft(id).campaign();
    this.settle(among);
  }

  propose(id: MemberId, text: string): ReturnType<Raft["propose"]> {
    return this.raft(id).propose(Buffer.from(text));
  }

  tick(id: MemberId, count: number): void {
    for (let left = count; left > 0; left -= 1) this.raft(id).tick();
  }

  private member(id: MemberId): PaperMember {
    return this.members[id - 1]!;
  }
}

const entryOf = (term: Term, index: number): Entry => ({
  version: LOG_VERSION,
  kind: "normal",
  term,
  index,
  data: Buffer.from(`${term}.${index}`),
});
