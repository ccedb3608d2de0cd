// Streams of operations: which one is in force, what its tokens are worth, what becomes of the work of
// those that are over (P9).
import { setImmediate as nextTurn } from "node:timers/promises";
import { chunkId, familyId, nodeId } from "@ashlar/core";
import {
  type Cancellation,
  OPERATION_VERSION,
  type Operation,
  type OperationReply,
} from "@ashlar/replica";
import { nodeRandom } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, it } from "vitest";
import { OperationClient, type OperationOutcome } from "./operation-client.ts";
import { encodeOperation, OPERATION_FRAME, OPERATION_SLOTS_MAX } from "./operation-codec.ts";
import { OperationServer } from "./operation-server.ts";
import { OperationStreams } from "./operation-streams.ts";
import { IssuedTokens, ReceivedTokens } from "./operation-tokens.ts";
import { memoryCarrierPair } from "./testing/memory-carrier.ts";

const CHUNK = chunkId(familyId(1), 0);
const GATEWAY = nodeId("gateway-1");
const NODE = { node: nodeId("storage-1"), incarnation: 1 };
const GOOD: OperationReply = {
  status: "good",
  epoch: 1,
  value: 0,
  data: [],
  checksums: new Uint32Array(0),
};

interface Taken {
  readonly operation: Operation;
  readonly deadlineMs: number;
  readonly reply: (reply: OperationReply) => void;
}

/** A storage node that keeps what it is asked, and any number of streams to it. */
class TestNode {
  readonly clock = new ManualClock();
  readonly taken: Taken[] = [];
  readonly cancelled: { readonly seq: number; readonly isAnswered: boolean }[] = [];
  private readonly streams = new OperationStreams();

  async open({ serial = 1, incarnation = 5, gateway = GATEWAY, version = OPERATION_VERSION } = {}) {
    const { clock } = this;
    const client = { node: gateway, incarnation };
    const purpose = "operations";
    const pair = memoryCarrierPair({ purpose, client, server: NODE, clock, version });
    const server = new OperationServer(
      pair.server,
      { streams: this.streams, clock, random: nodeRandom },
      {
        operate: (operation, deadlineMs, reply) =>
          void this.taken.push({ operation, deadlineMs, reply }),
        cancel: (cancellation, reply) => this.cancel(cancellation, reply),
      },
    );
    let closed = false;
    pair.client.onClose(() => {
      closed = true;
    });
    const stream = new OperationClient(pair.client, { serial, nowMs: () => clock.nowMs() });
    await turns();
    return { pair, server, stream, isClosed: () => closed };
  }

  private cancel({ opId }: Cancellation, reply: ((reply: OperationReply) => void) | undefined) {
    this.cancelled.push({ seq: opId.seq, isAnswered: reply !== undefined });
    const at = this.taken.findIndex(({ operation }) => operation.opId.seq === opId.seq);
    const [taken] = at < 0 ? [] : this.taken.splice(at, 1);
    taken?.reply({ ...GOOD, status: "cancelled" });
    reply?.({ ...GOOD, status: "cancelled" });
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
}

function operationOf(seq: number, token: number, kind: "unmap" | "read" = "unmap"): Operation {
  const opId = { incarnation: 5, seq };
  const place = { chunk: CHUNK, layer: 0, epoch: 1, offset: 0, length: 4096 };
  return { kind, ...place, opId, lowestUnresolvedSeq: 1, token, generation: 1 };
}

const send = (stream: OperationClient, operation: Operation): Promise<OperationOutcome> =>
  new Promise((resolve) => stream.request(operation, resolve));

it("what goes over a stream is in the version of its carrier, and nothing else is taken", async () => {
  const node = new TestNode();
  const earlier = OPERATION_VERSION - 1;
  const { stream, pair, isClosed } = await node.open({ version: earlier });
  const outcome = send(stream, operationOf(1, stream.tokenFor(0)!));
  await turns();
  node.taken[0]?.reply(GOOD);
  expect(await outcome).toMatchObject({ kind: "reply", reply: { status: "good" } });
  const body = encodeOperation(operationOf(2, 0), OPERATION_VERSION);
  pair.client.send({ type: OPERATION_FRAME.operation, id: OPERATION_SLOTS_MAX, body });
  await turns();
  expect([node.taken.length, isClosed()]).toEqual([1, true]);
});

describe("a token (P9)", () => {
  it("comes at once, then ten times a second, and is good for a second from its issue", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    const first = stream.tokenFor(0)!;
    node.clock.advance(100);
    await turns();
    const second = stream.tokenFor(100)!;
    expect(second).not.toBe(first);
    expect(stream.tokenFor(99), "what came later than the proof proves nothing").toBe(first);
    for (const token of [first, second]) void send(stream, operationOf(1, token));
    await turns();
    expect(node.taken.map(({ deadlineMs }) => deadlineMs)).toEqual([1000, 1100]);
  });

  it("is worth nothing on another stream, made up, or long after", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    const other = await node.open({ gateway: nodeId("gateway-2") });
    const own = stream.tokenFor(0)!;
    const tokens = [own, other.stream.tokenFor(0)!, own + 1, own - 1, 0, Number.MAX_SAFE_INTEGER];
    for (const token of tokens) void send(stream, operationOf(1, token));
    await turns();
    const never = Number.NEGATIVE_INFINITY;
    const deadlines = node.taken.splice(0).map(({ deadlineMs }) => deadlineMs);
    expect(deadlines).toEqual([1000, never, never, never, never, never]);
    for (let step = 0; step < 20; step += 1) {
      node.clock.advance(500);
      await turns();
    }
    void send(stream, operationOf(2, own));
    await turns();
    expect(node.taken[0]!.deadlineMs).toBeLessThan(node.clock.nowMs());
  });

  it("is not asked of reads", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    void send(stream, operationOf(1, 0, "read"));
    await turns();
    expect(node.taken[0]!.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("that the node called too old is not used again, nor are those before it", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    node.clock.advance(100);
    await turns();
    const token = stream.tokenFor(100)!;
    void send(stream, operationOf(1, token));
    await turns();
    node.taken[0]!.reply({ ...GOOD, status: "staleToken" });
    await turns();
    expect(stream.tokenFor(100)).toBeUndefined();
    node.clock.advance(100);
    await turns();
    expect(stream.tokenFor(200)).not.toBe(token);
  });

  it("is given out while it has enough of its life left, by the gateway's clock", () => {
    let nowMs = 0;
    const received = new ReceivedTokens(() => nowMs);
    expect([received.before(0), received.newestAtMs]).toEqual([undefined, undefined]);
    received.add(7);
    nowMs = 750;
    expect(received.before(1)).toBe(7);
    nowMs = 751;
    expect(received.before(1)).toBeUndefined();
  });

  it("is not issued on a stream that nobody uses, and comes at once when it is asked for", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    const step = async (): Promise<void> => {
      node.clock.advance(500);
      await turns();
    };
    for (let count = 0; count < 20; count += 1) await step();
    expect(stream.newestTokenAtMs).toBe(10_000);
    for (let count = 0; count < 4; count += 1) await step();
    expect(stream.newestTokenAtMs).toBeUndefined();
    stream.wake();
    stream.wake();
    await turns();
    expect(stream.newestTokenAtMs).toBe(12_000);
    await step();
    expect(stream.newestTokenAtMs, "and again ten times a second").toBe(12_500);
  });

  it("stays a safe integer, never 0, and its place is found after the counter came round", () => {
    const issued = new IssuedTokens(2 ** 32 - 1, () => 5);
    let token = 0;
    for (let count = 0; count < 2 ** 20 + 40; count += 1) token = issued.issue();
    expect(Number.isSafeInteger(token)).toBe(true);
    expect(issued.deadlineMs(token)).toBe(1005);
    expect(issued.deadlineMs(token - 40)).toBe(Number.NEGATIVE_INFINITY);
    expect(issued.deadlineMs(0)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("streams of one gateway", () => {
  it("a newer one ends the older: what it brought is called back before anything new (P10)", async () => {
    const node = new TestNode();
    const older = await node.open();
    const outcome = send(older.stream, operationOf(1, older.stream.tokenFor(0)!));
    void send(older.stream, operationOf(2, 0, "read"));
    await turns();
    const opening = node.open({ serial: 2 });
    // Comes after the newer one: it is never taken.
    void send(older.stream, operationOf(3, older.stream.tokenFor(0)!));
    const newer = await opening;
    expect(node.cancelled).toEqual([{ seq: 1, isAnswered: false }]);
    expect((await outcome).kind).toBe("failed");
    expect(older.isClosed()).toBe(true);
    expect(node.taken.map(({ operation }) => operation.opId.seq)).toEqual([2]);
    expect(newer.stream.tokenFor(0)).toBeDefined();
  });

  it.each([
    ["of an older serial", { serial: 1, incarnation: 5 }],
    ["of the same serial", { serial: 2, incarnation: 5 }],
    ["of an older incarnation", { serial: 9, incarnation: 4 }],
  ])("one %s is refused, whenever it comes", async (_, late) => {
    const node = new TestNode();
    const current = await node.open({ serial: 2 });
    const { stream, isClosed } = await node.open(late);
    expect(isClosed()).toBe(true);
    expect(stream.tokenFor(0)).toBeUndefined();
    expect(current.isClosed()).toBe(false);
  });

  it("a restarted gateway begins anew with its serials; other gateways are not concerned", async () => {
    const node = new TestNode();
    const former = await node.open({ serial: 7 });
    const other = await node.open({ gateway: nodeId("gateway-2") });
    const restarted = await node.open({ serial: 1, incarnation: 6 });
    expect([former, other, restarted].map(({ isClosed }) => isClosed())).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("a broken one is over as well: what it brought and has no LSN gets none", async () => {
    const node = new TestNode();
    const { stream, server, pair } = await node.open();
    void send(stream, operationOf(1, stream.tokenFor(0)!));
    await turns();
    pair.client.close();
    await turns();
    expect(node.cancelled).toEqual([{ seq: 1, isAnswered: false }]);
    expect(server.inFlight).toEqual({ operations: 0, bytes: 0 });
  });
});

describe("frames", () => {
  it("an operation is called back behind itself, and both are answered", async () => {
    const node = new TestNode();
    const { stream } = await node.open();
    const operation = send(stream, operationOf(1, stream.tokenFor(0)!));
    const cancellation = new Promise<OperationOutcome>((resolve) => {
      stream.cancel({ chunk: CHUNK, epoch: 1, opId: { incarnation: 5, seq: 1 } }, resolve);
    });
    expect(stream.inFlight.operations).toBe(2);
    const outcomes = await Promise.all([operation, cancellation]);
    expect(outcomes).toMatchObject([
      { reply: { status: "cancelled" } },
      { reply: { status: "cancelled" } },
    ]);
    expect(node.cancelled).toEqual([{ seq: 1, isAnswered: true }]);
    expect(stream.inFlight.operations).toBe(0);
  });

  it.each([
    ["anything before the hello", [{ type: OPERATION_FRAME.cancel, id: 1, body: [] }]],
    ["a hello of another version", [{ type: 3, id: 0, body: [Buffer.alloc(16)] }]],
    ["a hello that is too short", [{ type: 3, id: 0, body: [Buffer.from([2, 0, 0])] }]],
  ])("%s ends the stream", async (_, frames) => {
    const { clock } = new TestNode();
    const client = { node: GATEWAY, incarnation: 5 };
    const pair = memoryCarrierPair({ purpose: "operations", client, server: NODE, clock });
    const dependencies = { streams: new OperationStreams(), clock, random: nodeRandom };
    new OperationServer(pair.server, dependencies, { operate: () => {}, cancel: () => {} });
    const closed = new Promise((resolve) => pair.client.onClose(resolve));
    for (const frame of frames) pair.client.send(frame);
    await closed;
  });

  it("a second hello, a broken cancellation and a place that is taken end the stream", async () => {
    for (const frame of [
      { type: OPERATION_FRAME.hello, id: 0, body: [Buffer.alloc(16)] },
      { type: OPERATION_FRAME.cancel, id: 9, body: [Buffer.alloc(31, 2)] },
      { type: OPERATION_FRAME.cancel, id: 65_536 * 2, body: [Buffer.alloc(32)] },
    ]) {
      const node = new TestNode();
      const { stream, pair, isClosed } = await node.open();
      void send(stream, operationOf(1, 0, "read"));
      await turns();
      pair.client.send(frame);
      await turns();
      expect(isClosed()).toBe(true);
    }
  });
});
