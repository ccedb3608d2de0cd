import type { ProposalId } from "@ashlar/catalog";
import { applyProposal, type Command, emptyState, RESULTS_KEPT_MAX } from "@ashlar/catalog";
import { nodeId, SystemError } from "@ashlar/core";
import { expect, test } from "vitest";
import { ProposerSession } from "./proposer-session.ts";

const forever = { signal: new AbortController().signal };

/** A catalog that is reached at once and counts what takes effect. */
class Group {
  readonly state = emptyState();
  opened = 0;

  readonly open = async (): Promise<{ readonly session: number }> => {
    this.opened += 1;
    return this.propose({ kind: "openSession" }, undefined) as { readonly session: number };
  };

  get effects(): number {
    return this.state.lastIncarnation;
  }

  /** Registers a gateway: twice the same bootId would be once by nature, so each has its own. */
  register(id: ProposalId): unknown {
    return this.propose({ kind: "gatewayUp", gateway: nodeId("gateway-1"), ...boot() }, id);
  }

  propose(command: Command, id: ProposalId | undefined): unknown {
    const { result } = applyProposal(this.state, { id, command }, this.state.view.appliedIndex + 1);
    if (result.kind === "refused") throw new SystemError(result.code, result.message);
    return result.value;
  }
}

let boots = 0;
const boot = () => {
  boots += 1;
  return { bootId: `boot-${boots}`, portals: [], incarnationSeen: 0 };
};

function created(): Group {
  const group = new Group();
  const clusterId = "abcdef01-0000-4000-8000-000000000000" as never;
  const createdAt = "2026-11-01T00:00:00.000Z";
  group.propose({ kind: "createCluster", clusterId, chunkSize: 2 ** 24, createdAt }, undefined);
  return group;
}

test("R10: a call whose answers are lost takes effect once, and gets the answer of the first", async () => {
  const group = created();
  const session = new ProposerSession(group);
  const value = await session.run(async (name) => {
    group.register(name());
    group.register(name());
    return group.register(name());
  }, forever);
  expect(value).toEqual({ incarnation: 1 });
  expect(group.effects).toBe(1);
});

test("a session is opened when it is needed, and serves all calls", async () => {
  const group = created();
  const session = new ProposerSession(group);
  expect(group.opened).toBe(0);
  const seen: ProposalId[] = [];
  for (let calls = 3; calls > 0; calls -= 1) {
    await session.run(async (name) => {
      const id = name();
      seen.push(id);
      return group.register(id);
    }, forever);
  }
  expect(group.opened).toBe(1);
  expect(seen.map(({ sequence, answeredBelow }) => [sequence, answeredBelow])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

test("what is unanswered is kept: answers are told up to the oldest call under way", async () => {
  const group = created();
  const session = new ProposerSession(group);
  await session.run(async (name) => {
    group.register(name());
    // Another call is made and answered while this one waits.
    const other = await session.run(async (second) => second(), forever);
    expect(other).toMatchObject({ sequence: 2, answeredBelow: 1 });
    const third = await session.run(async (next) => next(), forever);
    expect(third).toMatchObject({ sequence: 3, answeredBelow: 1 });
    return group.register(name());
  }, forever);
  const next = await session.run(async (name) => name(), forever);
  expect(next).toMatchObject({ sequence: 4, answeredBelow: 4 });
  expect(group.effects).toBe(1);
});

test("a call that failed is over: its name is let go", async () => {
  const group = created();
  const session = new ProposerSession(group);
  const failing = session.run(async (name) => {
    name();
    throw new SystemError("operation/aborted", "the caller is gone");
  }, forever);
  await expect(failing).rejects.toMatchObject({ code: "operation/aborted" });
  expect(await session.run(async (name) => name(), forever)).toMatchObject({
    sequence: 2,
    answeredBelow: 2,
  });
});

test("an expired session is replaced when the call was sent once, for it took no effect", async () => {
  const group = created();
  const session = new ProposerSession(group);
  await session.run(async (name) => group.register(name()), forever);
  group.state.sessions.clear();
  await session.run(async (name) => group.register(name()), forever);
  expect(group.opened).toBe(2);
  expect(group.effects).toBe(2);
});

test("an expired session is an unknown outcome when the call was sent before", async () => {
  const group = created();
  const session = new ProposerSession(group);
  const call = session.run(async (name) => {
    group.register(name());
    group.state.sessions.clear();
    return group.register(name());
  }, forever);
  await expect(call).rejects.toMatchObject({
    code: "raft/session-expired",
    meta: { hint: expect.stringContaining("look") },
  });
  expect(group.effects).toBe(1);
  await session.run(async (name) => group.register(name()), forever);
  expect(group.effects).toBe(2);
});

test("a group that drops every session at once is not asked forever", async () => {
  const group = created();
  const session = new ProposerSession({
    open: async () => {
      const opened = await group.open();
      group.state.sessions.clear();
      return opened;
    },
  });
  const call = session.run(async (name) => group.register(name()), forever);
  await expect(call).rejects.toMatchObject({ code: "raft/session-expired" });
  expect(group.opened).toBe(2);
});

test("a call that hangs keeps no other from being made", async () => {
  const group = created();
  const session = new ProposerSession(group);
  await session.run(async (name) => {
    group.register(name());
    for (let calls = RESULTS_KEPT_MAX; calls > 0; calls -= 1) {
      await session.run(async (other) => group.register(other()), forever);
    }
    return group.register(name());
  }, forever);
  expect(group.opened).toBe(2);
  expect(group.effects).toBe(1 + RESULTS_KEPT_MAX);
});
