// R10 against a model: proposers that send again, copies that arrive late, members that restart from a
// snapshot in between. Whatever the order, the catalog is as if each proposal had been made once.

import { familyId, volumeName } from "@ashlar/core";
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { apply, applyProposal } from "./apply.ts";
import type { Command, CommandKind, Result } from "./command.ts";
import { decodeState, encodeState, stateHash } from "./encode.ts";
import { check } from "./invariants.ts";
import { decodeProposal, encodeProposal, type ProposalId } from "./proposal.ts";
import { type CatalogState, emptyState } from "./state.ts";
import { TEST_CHUNK_SIZE, TestCatalog, testNode, testVolume } from "./testing/cluster.ts";

/** Commands that do harm when they are done twice: they draw numbers, or are refused the second time. */
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("gatewayUp" as const),
    gateway: fc.constantFrom(testNode(7), testNode(8)),
    bootId: fc.constantFrom("a", "b", "c"),
    portals: fc.constant([]),
    incarnationSeen: fc.constant(0),
  }),
  fc.record({
    kind: fc.constant("beginVolume" as const),
    volume: fc.integer({ min: 1, max: 3 }).map(testVolume),
    name: fc.constantFrom(volumeName("a"), volumeName("b")),
    sizeBytes: fc.constant(TEST_CHUNK_SIZE),
    blockSize: fc.constant(512),
    replicas: fc.constant(1),
    createdAt: fc.constant("2026-11-01T00:00:00.000Z"),
    access: fc.constant("any" as const),
  }),
  fc.record({
    kind: fc.constant("abortVolume" as const),
    family: fc.integer({ min: 1, max: 3 }).map(familyId),
  }),
  fc.record({
    kind: fc.constant("memberExpected" as const),
    node: fc.constant(testNode(5)),
    address: fc.string(),
  }),
);

interface Sent {
  readonly id: ProposalId;
  readonly command: Command;
  readonly first: Result<CommandKind>;
}

/** A proposer: what it waits for, and what it does not wait for any more. */
interface Proposer {
  readonly session: number;
  next: number;
  readonly open: Sent[];
  readonly over: Sent[];
}

interface Doing {
  readonly proposer: number;
  readonly what: What;
  readonly pick: number;
  readonly command: Command;
}
type What = "propose" | "send again" | "send late" | "take the answer" | "restart";
const PROPOSERS = 3;
const doing: fc.Arbitrary<Doing> = fc.record({
  proposer: fc.nat(PROPOSERS - 1),
  what: fc.constantFrom<What>(
    "propose",
    "propose",
    "send again",
    "send late",
    "take the answer",
    "restart",
  ),
  pick: fc.nat(100),
  command,
});

class Model {
  state: CatalogState;
  /** What is left if everything is done once. */
  readonly once: CatalogState;
  readonly log: Buffer[];
  readonly proposers: Proposer[];

  constructor() {
    const catalog = TestCatalog.created(2);
    this.log = catalog.steps.map(({ proposal }) => encodeProposal(proposal));
    this.once = decodeState(encodeState(catalog.state));
    this.state = catalog.state;
    this.proposers = Array.from({ length: PROPOSERS }, () => {
      const { result } = this.enter(undefined, { kind: "openSession" });
      expect(result.kind).toBe("done");
      return { session: this.state.view.appliedIndex, next: 1, open: [], over: [] };
    });
  }

  enter(id: ProposalId | undefined, what: Command) {
    this.log.push(encodeProposal({ id, command: what }));
    return applyProposal(this.state, { id, command: what }, this.log.length);
  }

  run({ proposer, what, pick, command: made }: Doing): void {
    const own = this.proposers[proposer]!;
    const answeredBelow = own.open[0]?.id.sequence ?? own.next;
    const waiting = own.open[pick % own.open.length];
    const past = own.over[pick % own.over.length];
    if (what === "restart") this.state = decodeState(encodeState(this.state));
    if (what === "propose") {
      const id = { session: own.session, sequence: own.next, answeredBelow };
      own.next += 1;
      const first = this.enter(id, made).result;
      expect(first).toEqual(apply(this.once, made, this.once.view.appliedIndex + 1).result);
      own.open.push({ id, command: made, first });
    }
    if (what === "send again" && waiting) {
      const again = this.enter({ ...waiting.id, answeredBelow }, waiting.command);
      expect(again).toEqual({ changes: [], result: waiting.first });
    }
    if (what === "send late" && past) {
      const { changes, result } = this.enter(past.id, past.command);
      expect(changes).toEqual([]);
      if (result.kind === "refused" && result.code === "raft/session-expired") return;
      expect(result).toEqual(past.first);
    }
    if (what === "take the answer" && waiting) {
      own.open.splice(own.open.indexOf(waiting), 1);
      own.over.push(waiting);
    }
  }
}

test("R8 R9 R10: each proposal takes effect once, on every member, and keeps its answer", () => {
  fc.assert(
    fc.property(fc.array(doing, { maxLength: 60, size: "max" }), (steps) => {
      const model = new Model();
      for (const each of steps) model.run(each);
      const { state, once } = model;
      expect(check(state)).toEqual([]);
      once.view.apply([], state.view.appliedIndex);
      expect(encodeState({ ...state, sessions: once.sessions })).toEqual(encodeState(once));
      const other = emptyState();
      model.log.forEach((bytes, at) => void applyProposal(other, decodeProposal(bytes), at + 1));
      expect(stateHash(other)).toBe(stateHash(state));
    }),
    { numRuns: soaked(150) },
  );
});
