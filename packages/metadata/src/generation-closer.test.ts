// P11: a generation is closed when every process that leads chunks of the volume has said so, whoever
// leads them by then.
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import { chunkId, type FamilyId, type SystemError } from "@ashlar/core";
import type { GenerationToClose } from "@ashlar/rpc";
import { ManualClock } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import { type AskToClose, GenerationCloser } from "./generation-closer.ts";
import type { AppliedEntry } from "./replicated-log.ts";

const LIMIT_MS = 1_000;
const forever = new AbortController().signal;

interface Asked extends GenerationToClose {
  readonly node: string;
  readonly answer: (error?: Error) => void;
}

/** A catalog whose nodes answer when the test says so. */
class World {
  readonly catalog = TestCatalog.created(3);
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  private readonly listeners = new Set<(applied: AppliedEntry) => void>();

  close(family: FamilyId): Promise<void> {
    const { catalog, clock } = this;
    const log = {
      get view() {
        return catalog.state.view;
      },
      subscribe: (listen: (applied: AppliedEntry) => void) => {
        this.listeners.add(listen);
        return () => this.listeners.delete(listen);
      },
    };
    const ask: AskToClose = (address, request, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        const node = [...catalog.state.view.nodes.values()].find((one) => one.address === address);
        const answer = (error?: Error): void => (error ? reject(error) : resolve());
        this.asked.push({ ...request, node: node?.node ?? "", answer });
      });
    const closer = new GenerationCloser({ log, clock, ask });
    return closer.close({ family, generation: 1 }, { signal: forever, limitMs: LIMIT_MS });
  }

  /** Tells what the catalog was made to do since the last call. */
  tell(from: number): void {
    for (const { changes } of this.catalog.steps.slice(from)) {
      const { appliedIndex: index } = this.catalog.state.view;
      for (const listen of this.listeners) listen({ index, run: "", changes, restored: false });
    }
  }

  change(act: () => void): void {
    const { length } = this.catalog.steps;
    act();
    this.tell(length);
  }
}

/** What follows from answers given so far has happened. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether it has resolved, or with what it was rejected. */
function stateOf(promise: Promise<void>): () => string {
  let state = "waits";
  promise.then(
    () => {
      state = "closed";
    },
    (error: SystemError) => {
      state = `${error.code}: ${error.message}`;
    },
  );
  return () => state;
}

let world: World;
let family: FamilyId;
beforeEach(() => {
  world = new World();
  family = world.catalog.volume(1, 6, 2);
});

test("all that lead are asked, for the entry that is applied, and all must answer", async () => {
  const state = stateOf(world.close(family));
  const index = world.catalog.state.view.appliedIndex;
  expect(world.asked.map(({ node }) => node).sort()).toEqual([1, 2, 3].map(testNode));
  expect(new Set(world.asked.map((one) => one.index))).toEqual(new Set([index]));
  expect(new Set(world.asked.map((one) => one.incarnation)).size).toBe(3);
  world.asked[0]?.answer();
  world.asked[1]?.answer();
  await turn();
  expect(state()).toBe("waits");
  world.asked[2]?.answer();
  await turn();
  expect(state()).toBe("closed");
});

test("one that dies is counted out when those that lead in its place have answered", async () => {
  const state = stateOf(world.close(family));
  for (const { node, answer } of world.asked) if (node !== testNode(1)) answer();
  await turn();
  expect(state()).toBe("waits");
  const before = world.asked.length;
  world.change(() => world.catalog.nodeDown(1));
  await turn();
  const asked = world.asked.slice(before);
  expect(asked.map(({ node }) => node).sort(), "anew").toEqual([2, 3].map(testNode));
  expect(asked.every(({ index }) => index > (world.asked[0]?.index ?? 0))).toBe(true);
  for (const { answer } of asked) answer();
  await turn();
  expect(state()).toBe("closed");
});

test("P11: a member in sync that leads nothing is asked, too: it could lead next", async () => {
  const one = world.catalog.volume(2, 1, 3);
  const state = stateOf(world.close(one));
  expect(world.asked.map(({ node }) => node).sort()).toEqual([1, 2, 3].map(testNode));
  const leader = world.catalog.state.view.chunksOf(one)[0]?.primary.node;
  const number = [1, 2, 3].find((each) => testNode(each) !== leader) ?? 0;
  for (const { node, answer } of world.asked) if (node !== testNode(number)) answer();
  await turn();
  expect(state()).toBe("waits");
  world.change(() => world.catalog.nodeDown(number));
  await turn();
  for (const { answer } of world.asked.slice(3)) answer();
  await turn();
  expect(state(), "it is not in sync any more").toBe("closed");
});

test("answers from before leading moved do not count", async () => {
  const state = stateOf(world.close(family));
  const [first, ...others] = world.asked;
  for (const { answer } of others) answer();
  world.change(() => world.catalog.nodeUp(2, { boot: 2 }));
  first?.answer();
  await turn();
  expect(state()).toBe("waits");
  for (const { answer } of world.asked.slice(3)) answer();
  await turn();
  expect(state()).toBe("closed");
});

test("a member in sync that leads nothing is asked as the process that it is now", async () => {
  const one = world.catalog.volume(2, 1, 2);
  const config = world.catalog.state.view.chunksOf(one)[0];
  const backup = config?.members.find(({ node }) => node !== config.primary.node)?.node;
  const number = [1, 2, 3].find((each) => testNode(each) === backup) ?? 0;
  const state = stateOf(world.close(one));
  for (const { node, answer } of world.asked) if (node !== backup) answer();
  const before = world.asked.length;
  world.change(() => world.catalog.nodeUp(number, { boot: 2 }));
  await turn();
  const asked = world.asked.slice(before).find(({ node }) => node === backup);
  const { incarnation } = world.catalog.state.view.nodes.get(testNode(number)) ?? {};
  expect(asked?.incarnation).toBe(incarnation);
  for (const { answer } of world.asked.slice(before)) answer();
  await turn();
  expect(state()).toBe("closed");
});

test("a member that leaves after another one joined is not waited for", async () => {
  const one = world.catalog.volume(2, 1, 3);
  const { chunk } = world.catalog.state.view.chunksOf(one)[0] ?? { chunk: chunkId(one, 0) };
  const followers = () => {
    const config = world.catalog.state.view.chunk(chunk);
    return [1, 2, 3].filter((each) => testNode(each) !== config?.primary.node);
  };
  const [away = 0, other = 0] = followers();
  world.catalog.nodeDown(away);
  world.catalog.nodeUp(away, { boot: 2 });
  const state = stateOf(world.close(one));
  world.change(() => {
    const { epoch = 0, version = 0, learners = [] } = world.catalog.state.view.chunk(chunk) ?? {};
    const items = learners.map((store) => ({ chunk, epoch, version, store }));
    world.catalog.done({ kind: "addToIsr", items });
  });
  world.change(() => world.catalog.nodeDown(other));
  await turn();
  for (const { node, answer } of world.asked) if (node !== testNode(other)) answer();
  await turn();
  expect(state()).toBe("closed");
});

test("a change of other chunks, or one that moves no epoch, asks nobody anew", async () => {
  const state = stateOf(world.close(family));
  const before = world.asked.length;
  world.change(() => world.catalog.volume(2, 3, 2));
  await turn();
  expect(world.asked.length).toBe(before);
  for (const { answer } of world.asked) answer();
  await turn();
  expect(state()).toBe("closed");
});

test("who fails to answer is asked again, and named when the time is over", async () => {
  const state = stateOf(world.close(family));
  for (const { node, answer } of world.asked) {
    if (node === testNode(2)) answer(new Error("its mirror is behind"));
    else answer();
  }
  await turn();
  world.clock.advance(100);
  await turn();
  expect(world.asked.at(-1)?.node).toBe(testNode(2));
  world.clock.advance(LIMIT_MS);
  await turn();
  expect(state()).toContain("volume/not-fenced");
  expect(state()).toContain("storage-2 (its mirror is behind)");
  expect(state()).not.toContain("storage-1");
});

test("an incarnation that its node has replaced leads nothing", async () => {
  const sole = world.catalog.volume(2, 1, 1);
  const leader = world.catalog.state.view.chunksOf(sole)[0]?.primary.node;
  const number = [1, 2, 3].find((one) => testNode(one) === leader) ?? 0;
  world.catalog.nodeUp(number, { boot: 2, life: 1 });
  const state = stateOf(world.close(sole));
  await turn();
  expect(state()).toBe("closed");
  expect(world.asked).toEqual([]);
});

test("a round looks at each chunk of its volume once, and at none when something changes", async () => {
  world.catalog.volume(2, 40, 2);
  const { chunks } = world.catalog.state.view;
  const before = chunks.visited;
  const state = stateOf(world.close(family));
  expect(chunks.visited - before).toBe(6);
  world.change(() => world.catalog.volume(3, 3, 2));
  expect(chunks.visited - before).toBe(6);
  for (const { answer } of world.asked) answer();
  await turn();
  expect(state()).toBe("closed");
});
