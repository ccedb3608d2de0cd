import { expect, it } from "vitest";
import {
  type Entry,
  encodeChange,
  MEMBERSHIP_EMPTY,
  type Message,
  type MessageOf,
  type Raft,
} from "./index.ts";
import { ELECTION_TICKS, PaperGroup } from "./testing/index.ts";

const entry = (term: number): Entry => ({
  version: 1,
  kind: "normal",
  term,
  index: 1,
  data: Buffer.from(`of term ${term}`),
});

/** The first entry, from a leader of `term`; the write that it asks for. */
function append(raft: Raft, term: number, first: Entry): MessageOf<"storage-append"> {
  raft.step({
    version: 1,
    kind: "append-entries",
    from: 2,
    to: 1,
    term,
    previous: { term: 0, index: 0 },
    entries: [first],
    commit: 0,
  });
  const write = raft.ready().messages.find(({ kind }) => kind === "storage-append");
  return write as MessageOf<"storage-append">;
}

it("a write that was overwritten and overwritten back is not taken for the latest", () => {
  const group = new PaperGroup([[], [], []], { asyncStorage: true, electionTicks: ELECTION_TICKS });
  const raft = group.raft(1);
  const storage = group.storage(1);
  const first = append(raft, 1, entry(1));
  const second = append(raft, 2, entry(2));
  append(raft, 3, entry(1));
  // The first write is done and answered, then the second; the third is still on its way.
  storage.append(first.entries);
  for (const response of first.responses) if (response.to === 1) raft.step(response);
  storage.append(second.entries);
  // The log ends with the entry of term 1, whatever the disk says at this moment.
  const request = { version: 1, kind: "request-vote", from: 3, to: 1, term: 4 } as const;
  raft.step({ ...request, preVote: false, transfer: false, last: { term: 1, index: 1 } });
  const { responses } = raft.ready().messages[0] as MessageOf<"storage-append">;
  const answer = responses.find(({ kind }: Message) => kind === "request-vote-response");
  expect(answer).toMatchObject({ to: 3, reject: false });
});

it("nobody is elected before its own vote is durable: it could be elected once more in the term", () => {
  const group = new PaperGroup([[], [], []], { asyncStorage: true, electionTicks: ELECTION_TICKS });
  const raft = group.raft(1);
  raft.campaign();
  const own = raft.ready().messages.find(({ kind }) => kind === "storage-append");
  const { responses } = own as MessageOf<"storage-append">;
  for (const from of [2, 3]) {
    const granted = { preVote: false, reject: false } as const;
    raft.step({ version: 1, kind: "request-vote-response", from, to: 1, term: 1, ...granted });
  }
  expect(raft.status.role).toBe("candidate");
  for (const response of responses) if (response.to === 1) raft.step(response);
  expect(raft.status.role).toBe("leader");
});

it("a change that a received snapshot overtook, while the host had it in hand, changes nothing", () => {
  const raft = new PaperGroup([[], [], []], { electionTicks: ELECTION_TICKS }).raft(1);
  const change = encodeChange({ transition: "auto", changes: [{ kind: "add-voter", id: 4 }] });
  const envelope = { version: 1, from: 2, to: 1, term: 1 } as const;
  const previous = { term: 0, index: 0 };
  const entries: Entry[] = [{ version: 1, term: 1, index: 1, ...change }];
  raft.step({ ...envelope, kind: "append-entries", previous, entries, commit: 1 });
  const { committed } = raft.ready();
  expect(committed).toEqual(entries);
  // Meanwhile member 4 was removed again.
  const membership = { ...MEMBERSHIP_EMPTY, voters: [1, 2, 3] };
  const snapshot = { version: 1, term: 1, index: 5, membership, data: new Uint8Array(0) } as const;
  raft.step({ ...envelope, kind: "install-snapshot", snapshot });
  raft.applyChange(entries[0]!);
  expect(raft.membership).toEqual(membership);
});
