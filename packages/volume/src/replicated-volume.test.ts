// A volume over real carriers against fake primaries that refuse, break, stall and lie.
import { setMaxListeners } from "node:events";
import { SystemError, scatterJoin, scatterLength, unitChecksums } from "@ashlar/core";
import type { Operation, OperationReply, OperationStatusName } from "@ashlar/replica";
import type { CarrierKind } from "@ashlar/rpc";
import { type Clock, nodeClock, Registry, silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import { OperationRouter } from "./operation-router.ts";
import { IN_FLIGHT_OPERATIONS_MAX } from "./replica-client.ts";
import { openVolume } from "./replicated-volume.ts";
import { CHUNK_SIZE, CHUNKS, FakeCluster, replyOf, VOLUME } from "./testing/fake-cluster.ts";

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const options = () => ({ signal: new AbortController().signal });
const block = (fill: number, length = 4096): Buffer[] => [Buffer.alloc(length, fill)];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const codeOf = (pending: Promise<unknown>): Promise<string> =>
  pending.then(
    () => "resolved",
    (thrown) => (thrown as SystemError).code,
  );

async function open({ kind = "socket" as CarrierKind, clock = nodeClock as Clock } = {}) {
  const cluster = new FakeCluster();
  await cluster.start();
  const metrics = new Registry();
  const dialer = cluster.dialer(kind);
  const router = new OperationRouter(
    { client: cluster.catalog, dialer, clock, log: silentLog, metrics },
    { incarnation: () => 9 },
  );
  stops.push(async () => {
    router.close();
    dialer.close();
    await cluster.stop();
  });
  const volume = openVolume({ client: cluster.catalog, router }, { volume: VOLUME });
  const [first, second] = cluster.nodes;
  const retries = async (reason: string): Promise<number> => {
    const all = await metrics.getSingleMetric("ashlar_volume_retries_total")!.get();
    return all.values.find(({ labels }) => labels["reason"] === reason)?.value ?? 0;
  };
  return { cluster, volume, router, first: first!, second: second!, metrics, retries };
}

/** Resolves when `holds`, moving the clock on if it is a manual one. */
async function until(holds: () => boolean, clock?: ManualClock): Promise<void> {
  while (!holds()) {
    await turn();
    clock?.advance(5);
  }
}

/** Refuses the next `count` operations. */
function refuse(count: number, reply: OperationReply) {
  let left = count;
  return (_: Operation, answer: (reply: OperationReply) => void): boolean => {
    if (left === 0) return false;
    left -= 1;
    answer(reply);
    return true;
  };
}

describe.each<CarrierKind>(["socket", "grpc"])("replicated volume over %s", (kind) => {
  it("writes and reads across chunks, parts joined in order", async () => {
    const { volume, first, second } = await open({ kind });
    const offset = CHUNK_SIZE - 1536;
    const length = CHUNK_SIZE + 4096;
    const data = Buffer.alloc(length);
    for (let i = 0; i < length; i += 4) data.writeUInt32LE(i, i);
    await volume.write(offset, [data.subarray(0, 1000), data.subarray(1000)], options());
    const read = await volume.read(offset, length, options());
    expect(scatterJoin(read).equals(data)).toBe(true);
    const before = await volume.read(offset - 512, 512, options());
    expect(scatterJoin(before).equals(Buffer.alloc(512))).toBe(true);
    expect(Math.max(...[...first.seen, ...second.seen].map((op) => op.length))).toBe(1_048_576);
    expect(first.carriers.size + second.carriers.size).toBe(2);
  });

  it("re-sends with the same opId when the connection breaks, and it happens once", async () => {
    const { volume, first } = await open({ kind });
    await volume.write(0, block(1), options());
    let broken = false;
    first.intercept = (operation) => {
      if (broken) return false;
      broken = true;
      first.perform(operation);
      first.disconnect();
      return true;
    };
    await volume.compareAndWrite(0, block(1), block(2), options());
    const [, sent, again] = first.seen;
    expect(again?.opId).toEqual(sent?.opId);
    expect(scatterJoin(await volume.read(0, 4096, options()))[0]).toBe(2);
  });
});

describe("replicated volume", () => {
  it("says what it is", async () => {
    const { volume } = await open();
    expect(volume.sizeBytes).toBe(CHUNKS * CHUNK_SIZE);
    expect(volume.blockSize).toBe(512);
    await volume.flush(options());
  });

  it("gives each operation what a primary decides by", async () => {
    const { volume, first } = await open();
    const data = block(7, 5120);
    await volume.write(3584, data, options());
    await volume.write(0, block(8, 512), options());
    expect(first.seen[0]).toMatchObject({
      kind: "write",
      epoch: 1,
      generation: 1,
      layer: 0,
      opId: { incarnation: 9, seq: 1 },
      lowestUnresolvedSeq: 1,
      offset: 3584,
      length: 5120,
      checksums: unitChecksums(3584, data),
    });
    expect(first.seen[1]).toMatchObject({ opId: { seq: 2 }, lowestUnresolvedSeq: 2 });
  });

  it("unmaps by whole chunks and zeroes what is less than a checksum unit", async () => {
    const { volume, first, second } = await open();
    const all = CHUNKS * CHUNK_SIZE;
    for (let at = 0; at < all; at += CHUNK_SIZE) {
      await volume.write(at, block(3, CHUNK_SIZE), options());
    }
    first.seen.length = 0;
    second.seen.length = 0;
    await volume.unmapBlocks(512, 3 * CHUNK_SIZE, options());
    const shapes = [...first.seen, ...second.seen]
      .map(({ kind, offset, length }) => `${kind} ${offset}+${length}`)
      .sort();
    expect(shapes).toEqual(
      [
        "write 512+3584",
        "write 0+512",
        `unmap 4096+${CHUNK_SIZE - 4096}`,
        `unmap 0+${CHUNK_SIZE}`,
        `unmap 0+${CHUNK_SIZE}`,
      ].sort(),
    );
    const content = scatterJoin(await volume.read(0, all, options()));
    const expected = Buffer.alloc(all, 3).fill(0, 512, 512 + 3 * CHUNK_SIZE);
    expect(content.equals(expected)).toBe(true);
  });

  it("unmaps less than a unit by writing zeros only", async () => {
    const { volume, first } = await open();
    await volume.write(0, block(3, 8192), options());
    await volume.unmapBlocks(1024, 512, options());
    expect(first.seen.at(-1)).toMatchObject({ kind: "write", offset: 1024, length: 512 });
    const content = scatterJoin(await volume.read(0, 8192, options()));
    expect(content.equals(Buffer.alloc(8192, 3).fill(0, 1024, 1536))).toBe(true);
  });

  it.each<[OperationStatusName, string]>([
    ["noSpace", "disk/no-space"],
    ["outOfRange", "volume/out-of-range"],
  ])("takes %s as final", async (status, code) => {
    const { volume, first } = await open();
    first.intercept = refuse(1, replyOf(status));
    expect(await codeOf(volume.write(0, block(1), options()))).toBe(code);
    expect(first.seen.length).toBe(1);
  });

  it("tells where a compare-and-write found other data, and changes nothing", async () => {
    const { volume } = await open();
    await volume.write(8192, block(1, 512), options());
    const expected = Buffer.alloc(512, 1);
    expected[77] = 2;
    await expect(
      volume.compareAndWrite(8192, [expected], block(9, 512), options()),
    ).rejects.toMatchObject({ code: "operation/miscompare", meta: { offset: 77 } });
    expect(scatterJoin(await volume.read(8192, 512, options()))[0]).toBe(1);
  });

  it.each<OperationStatusName>([
    "notActive",
    "busy",
    "badChecksum",
    "diskFailed",
    "notPrimary",
    "staleEpoch",
    "staleGeneration",
  ])("tries again after %s, with the same opId", async (status) => {
    const { volume, first, retries } = await open();
    first.intercept = refuse(2, replyOf(status, { epoch: 1 }));
    await volume.write(0, block(1), options());
    expect(first.seen.map(({ opId }) => opId.seq)).toEqual([1, 1, 1]);
    expect(await retries(status)).toBe(2);
  });

  it("refuses damaged read data and asks again", async () => {
    const { volume, first, retries } = await open();
    await volume.write(0, block(5), options());
    first.intercept = (operation, reply) => {
      if (first.seen.length > 3) return false;
      const good = first.perform(operation);
      const data = Buffer.from(scatterJoin(good.data));
      if (first.seen.length === 2) data[1000] = 6;
      reply({ ...good, data: [first.seen.length === 3 ? data.subarray(512) : data] });
      return true;
    };
    expect(scatterJoin(await volume.read(0, 4096, options())).equals(block(5)[0]!)).toBe(true);
    expect(await retries("damagedReply")).toBe(2);
  });

  it("refuses what is not a range of whole blocks inside the volume", async () => {
    const { volume, first } = await open();
    const end = volume.sizeBytes;
    expect(await codeOf(volume.read(end, 512, options()))).toBe("volume/out-of-range");
    expect(await codeOf(volume.write(end - 512, block(1), options()))).toBe("volume/out-of-range");
    expect(await codeOf(volume.read(100, 512, options()))).toBe("argument/invalid");
    expect(await codeOf(volume.unmapBlocks(0, 100, options()))).toBe("argument/invalid");
    const border = CHUNK_SIZE - 512;
    expect(
      await codeOf(volume.compareAndWrite(border, block(0, 1024), block(1, 1024), options())),
    ).toBe("argument/invalid");
    expect(await codeOf(volume.compareAndWrite(0, block(0, 512), block(1, 1024), options()))).toBe(
      "argument/invalid",
    );
    expect(first.seen).toEqual([]);
  });

  it("goes to the new primary at once when the old one never answers", async () => {
    const { cluster, volume, first, second, retries } = await open({ clock: new ManualClock() });
    let late: (() => void) | undefined;
    first.intercept = (_, reply) => {
      late = () => reply(replyOf("noSpace"));
      return true;
    };
    const written = volume.write(0, block(4), options());
    await until(() => first.seen.length === 1);
    cluster.lead(0, 1, 2);
    await written;
    expect(second.seen[0]).toMatchObject({ epoch: 2, opId: first.seen[0]?.opId });
    expect(await retries("newEpoch")).toBe(1);
    late?.();
    expect(scatterJoin(await volume.read(0, 4096, options()))[0]).toBe(4);
  });

  it("waits for the catalog after a refusal and does not wait longer", async () => {
    const clock = new ManualClock();
    const { cluster, volume, first, second } = await open({ clock });
    first.intercept = refuse(1, replyOf("staleEpoch", { epoch: 2 }));
    const written = volume.write(0, block(4), options());
    await until(() => first.seen.length === 1);
    for (let i = 0; i < 20; i++) await turn();
    cluster.lead(0, 1, 2);
    await written;
    expect(second.seen.map(({ epoch }) => epoch)).toEqual([2]);
    expect(clock.nowMs()).toBe(0);
  });

  it("finds a node that came back at another address as soon as the catalog tells", async () => {
    const clock = new ManualClock();
    const { volume, first } = await open({ clock });
    await volume.write(0, block(1), options());
    await first.stop();
    const written = volume.write(0, block(2), options());
    await until(() => clock.nowMs() > 3000, clock);
    await first.start();
    await written;
    expect(scatterJoin(await volume.read(0, 4096, options()))[0]).toBe(2);
  });

  it("gives up after its budget with chunk/unavailable, a sent compare-and-write otherwise", async () => {
    const clock = new ManualClock();
    const { volume, first } = await open({ clock });
    first.intercept = () => true;
    const outcomes = Promise.all([
      codeOf(volume.write(0, block(1), options())),
      codeOf(volume.compareAndWrite(0, block(0), block(1), options())),
    ]);
    await until(() => first.seen.length === 2);
    clock.advance(19_000);
    const late = codeOf(volume.read(0, 512, options()));
    clock.advance(1_500);
    expect(await outcomes).toEqual(["chunk/unavailable", "operation/timeout"]);
    clock.advance(20_000);
    expect(await late).toBe("chunk/unavailable");
  });

  it("stops waiting when aborted, never sends what was in line, and resolves the seq", async () => {
    const { volume, first } = await open();
    await volume.write(0, block(0), options());
    first.intercept = () => true;
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const stuck = Array.from({ length: IN_FLIGHT_OPERATIONS_MAX + 8 }, () =>
      codeOf(volume.read(0, 512, { signal: abort.signal })),
    );
    await until(() => first.seen.length === IN_FLIGHT_OPERATIONS_MAX + 1);
    for (let i = 0; i < 20; i++) await turn();
    expect(first.seen.length).toBe(IN_FLIGHT_OPERATIONS_MAX + 1);
    abort.abort(new SystemError("operation/aborted", "task aborted"));
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(["operation/aborted"]));
    expect(await codeOf(volume.read(0, 512, { signal: abort.signal }))).toBe("operation/aborted");
    first.intercept = () => false;
    first.seen.length = 0;
    first.disconnect();
    await volume.read(0, 512, options());
    expect(
      first.seen.map(({ opId, lowestUnresolvedSeq }) => opId.seq - lowestUnresolvedSeq),
    ).toEqual([0]);
  });

  it("sends the line's operations as answers come in", async () => {
    const { volume, first } = await open();
    const held: (() => void)[] = [];
    first.intercept = (operation, reply) => {
      held.push(() => reply(first.perform(operation)));
      return true;
    };
    const count = IN_FLIGHT_OPERATIONS_MAX + 40;
    const reads = Array.from({ length: count }, () => volume.read(0, 512, options()));
    await until(() => held.length === IN_FLIGHT_OPERATIONS_MAX);
    first.intercept = () => false;
    for (const answer of held) answer();
    expect((await Promise.all(reads)).map(scatterLength)).toEqual(Array(count).fill(512));
  });

  it("fails what is outstanding when the gateway stops or the volume is deleted", async () => {
    const { cluster, volume, router, first } = await open();
    first.intercept = () => true;
    const held = codeOf(volume.read(0, 512, options()));
    await until(() => first.seen.length === 1);
    const family = cluster.catalog.view.volumes.get(VOLUME)!.family;
    cluster.catalog.change({ kind: "volumeDeleted", volume: VOLUME, family });
    expect(await held).toBe("volume/not-found");
    const stopped = codeOf(volume.read(0, 512, options()));
    router.close();
    expect(await stopped).toBe("volume/not-found");
    expect(await codeOf(volume.read(0, 512, options()))).toBe("operation/aborted");
    volume.close();
    expect(await codeOf(volume.flush(options()))).toBe("operation/aborted");
  });

  it("fails a read of several parts with the first error after all are settled", async () => {
    const { volume, first, second } = await open();
    let answered = 0;
    second.intercept = (_, reply) => {
      reply(replyOf("outOfRange"));
      return true;
    };
    first.intercept = (operation, reply) => {
      setTimeout(() => {
        answered += 1;
        reply(first.perform(operation));
      }, 20);
      return true;
    };
    expect(await codeOf(volume.read(0, 2 * CHUNK_SIZE, options()))).toBe("volume/out-of-range");
    expect(answered).toBe(2);
  });

  it("counts what it does", async () => {
    const { volume, metrics } = await open();
    await volume.write(0, block(1), options());
    await volume.read(0, 4096, options());
    const text = await metrics.metrics();
    expect(text).toContain('ashlar_volume_operation_bytes{kind="write"} 4096');
    expect(text).toContain('ashlar_volume_operation_seconds_count{kind="read"} 1');
    expect(text).toContain("ashlar_volume_in_flight 0");
  });

  it("opens only what the catalog knows", async () => {
    const { cluster, router } = await open();
    const other = "0a0b0c0d-0000-4000-8000-0000000000bb" as typeof VOLUME;
    expect(() => openVolume({ client: cluster.catalog, router }, { volume: other })).toThrow(
      "there is no volume",
    );
  });
});
