// The router against fake primaries that refuse, break, stall and lie.
import { setMaxListeners } from "node:events";
import { SystemError, scatterJoin, scatterLength } from "@ashlar/core";
import type { OperationStatusName } from "@ashlar/replica";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import { IN_FLIGHT_OPERATIONS_MAX, WAITING_OPERATIONS_MAX } from "./replica-client.ts";
import { replyOf, VOLUME } from "./testing/fake-cluster.ts";
import {
  block,
  closeTestVolumes,
  codeOf,
  openTestVolume,
  options,
  refuse,
  turns,
  until,
} from "./testing/opened-volume.ts";

afterEach(closeTestVolumes);

describe("operation router", () => {
  it.each<[OperationStatusName, string]>([
    ["noSpace", "disk/no-space"],
    ["outOfRange", "volume/out-of-range"],
  ])("takes %s as final", async (status, code) => {
    const { volume, first } = await openTestVolume();
    first.intercept = refuse(1, replyOf(status));
    expect(await codeOf(volume.write(0, block(1), options()))).toBe(code);
    expect(first.seen.length).toBe(1);
  });

  it.each<[OperationStatusName, readonly number[]]>([
    ["notActive", [1, 2, 3]],
    ["busy", [1, 2, 3]],
    ["badChecksum", [1, 2, 3]],
    ["diskFailed", [1, 2, 3]],
    ["staleGeneration", [1, 2, 3]],
    ["staleToken", [1, 2, 3]],
    ["notPrimary", [1, 1, 1]],
    ["staleEpoch", [1, 1, 1]],
  ])("P10: tries again after %s, with the same opId if it may be logged", async (status, seqs) => {
    const { volume, first, retries } = await openTestVolume();
    first.intercept = refuse(2, replyOf(status, { epoch: 1 }));
    await volume.write(0, block(1), options());
    expect(first.seen.map(({ opId }) => opId.seq)).toEqual(seqs);
    expect(first.seen.at(-1)?.lowestUnresolvedSeq).toBe(seqs.at(-1));
    expect(await retries(status)).toBe(2);
  });

  it("P14: tells that no copy is good when for three seconds none was", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
    first.intercept = refuse(Number.POSITIVE_INFINITY, replyOf("badChecksum"));
    const ended: string[] = [];
    void codeOf(volume.read(0, 4096, options())).then((code) => ended.push(code));
    await until(() => ended.length > 0, clock);
    expect(ended).toEqual(["chunk/bad-checksum"]);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(3_000);
    expect(clock.nowMs()).toBeLessThan(20_000);
  });

  it.each<OperationStatusName>(["busy", "notActive", "staleGeneration", "staleToken"])(
    "P10: keeps the opId of an attempt that was lost, though the next one is refused with %s",
    async (status) => {
      const { volume, first } = await openTestVolume();
      first.intercept = (operation, reply) => {
        if (first.seen.length > 2) return false;
        if (first.seen.length === 1) first.perform(operation);
        else reply(replyOf(status));
        return true;
      };
      const outcome = codeOf(volume.compareAndWrite(0, block(0), block(1), options()));
      await until(() => first.seen.length === 1);
      first.disconnect();
      expect(await outcome, "done once").toBe("resolved");
      expect(first.seen.map(({ opId }) => opId.seq)).toEqual([1, 1, 1]);
    },
  );

  it("P10: what is refused again and again holds up nobody's window", async () => {
    const { volume, first } = await openTestVolume();
    let refusals = 0;
    first.intercept = ({ offset }, reply) => {
      if (offset !== 0 || refusals > 5) return false;
      refusals += 1;
      reply(replyOf("staleGeneration"));
      return true;
    };
    const refused = volume.write(0, block(1), options());
    while (refusals <= 5) {
      await until(() => refusals > 0);
      const before = first.seen.length;
      await volume.write(4096, block(2), options());
      const [sent] = first.seen.slice(before).filter(({ offset }) => offset !== 0);
      const distance = sent!.opId.seq - sent!.lowestUnresolvedSeq;
      expect(distance, "but for what is on its way").toBeLessThanOrEqual(1);
    }
    await refused;
  });

  it("refuses damaged read data and asks again", async () => {
    const { volume, first, retries } = await openTestVolume();
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

  it("goes to the new primary at once when the old one never answers", async () => {
    const { cluster, volume, first, second, retries } = await openTestVolume({
      clock: new ManualClock(),
    });
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
    const { cluster, volume, first, second } = await openTestVolume({ clock });
    first.intercept = refuse(1, replyOf("staleEpoch", { epoch: 2 }));
    const written = volume.write(0, block(4), options());
    await until(() => first.seen.length === 1);
    await turns(20);
    cluster.lead(0, 1, 2);
    await written;
    expect(second.seen.map(({ epoch }) => epoch)).toEqual([2]);
    expect(clock.nowMs()).toBe(0);
  });

  it("decides anew under the next generation as soon as the catalog tells (P11)", async () => {
    const clock = new ManualClock();
    const { cluster, volume, first } = await openTestVolume({ clock });
    first.intercept = ({ generation }, reply) => {
      if (generation === 2) return false;
      reply(replyOf("staleGeneration", { epoch: 1 }));
      return true;
    };
    const written = volume.write(0, block(4), options());
    await until(() => first.seen.length === 1);
    await turns(20);
    cluster.changeVolume({ generation: 2 });
    await written;
    expect(first.seen.map(({ generation }) => generation)).toEqual([1, 2]);
    expect(clock.nowMs()).toBe(0);
  });

  it("ends what a reset hit, sent or waiting, and sends none of it again (P11)", async () => {
    const clock = new ManualClock();
    const { cluster, volume, first } = await openTestVolume({ clock });
    const silent: (() => void)[] = [];
    first.intercept = ({ offset }, reply) => {
      if (offset === 0) reply(replyOf("staleGeneration", { epoch: 1 }));
      else silent.push(() => reply(replyOf("good")));
      return true;
    };
    const hit = [0, 4096].map((offset) => codeOf(volume.write(offset, block(4), options())));
    await until(() => first.seen.length === 2 && silent.length === 1);
    await turns(20);
    cluster.changeVolume({ generation: 2, resets: 1 });
    expect(await Promise.all(hit)).toEqual(["operation/aborted", "operation/aborted"]);
    first.intercept = () => false;
    silent[0]?.();
    await volume.write(0, block(5), options());
    expect(first.seen.map(({ generation }) => generation)).toEqual([1, 1, 2]);
  });

  it("finds a node that came back at another address as soon as the catalog tells", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
    await volume.write(0, block(1), options());
    await first.stop();
    const written = volume.write(0, block(2), options());
    await until(() => clock.nowMs() > 3000, clock);
    await first.start();
    await written;
    expect(scatterJoin(await volume.read(0, 4096, options()))[0]).toBe(2);
  });

  it("leaves a connection to an incarnation that the catalog knows to be over", async () => {
    const { volume, first } = await openTestVolume({ clock: new ManualClock() });
    await volume.write(0, block(1), options());
    const [old] = first.carriers;
    const gone = new Promise((resolve) => old!.onClose(resolve));
    first.register();
    await volume.write(0, block(2), options());
    expect([...first.carriers]).toEqual([old]);
    first.incarnation = 2;
    first.register();
    await gone;
    await volume.write(0, block(3), options());
    expect(first.carriers.size).toBe(1);
  });

  it("gives up after its budget with chunk/unavailable, a sent compare-and-write otherwise", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
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

  it.each(["disconnected", "redirected"])(
    "P10: a miscompare after an attempt that was %s is one: what took effect is found by its opId",
    async (how) => {
      const { cluster, volume, first, second } = await openTestVolume();
      first.intercept = (operation) => {
        if (first.seen.length > 1) return false;
        first.perform(operation);
        return true;
      };
      const outcome = codeOf(volume.compareAndWrite(0, block(0), block(1), options()));
      await until(() => first.seen.length === 1);
      cluster.lead(0, 1, 2);
      if (how === "disconnected") first.disconnect();
      expect(await outcome).toBe("resolved");
      second.intercept = () => second.seen.length === 2;
      const lost = codeOf(volume.compareAndWrite(0, block(0), block(2), options()));
      await until(() => second.seen.length === 2);
      second.disconnect();
      expect(await lost).toBe("operation/miscompare");
      expect(await codeOf(volume.compareAndWrite(0, block(0), block(2), options()))).toBe(
        "operation/miscompare",
      );
    },
  );

  it("P10: goes on under a new opId when the gateway was taken for dead and nothing was lost", async () => {
    let incarnation = 9;
    const told: number[] = [];
    const onTakenForDead = (refused: number): void => {
      told.push(refused);
    };
    const { volume, first } = await openTestVolume({
      incarnation: () => incarnation,
      onTakenForDead,
    });
    const stale = replyOf("staleIncarnation");
    first.intercept = (operation, reply) => {
      if (operation.opId.incarnation !== 9) return false;
      if (first.seen.length === 2) incarnation = 12;
      reply(stale);
      return true;
    };
    await volume.write(0, block(1), options());
    const identities = first.seen.map(({ opId }) => [opId.incarnation, opId.seq]);
    expect(identities).toEqual([
      [9, 1],
      [9, 2],
      [12, 3],
    ]);
    expect(first.seen[2]).toMatchObject({ lowestUnresolvedSeq: 3 });
    // The second refusal came when the next incarnation was in use already.
    expect(told).toEqual([9, 9]);
  });

  it.each([
    ["write", "chunk/unavailable"],
    ["orWrite", "chunk/unavailable"],
    ["compareAndWrite", "operation/timeout"],
  ] as const)(
    "P10: never sends a %s under a new opId when it may be done under the old one",
    async (kind, code) => {
      const { volume, first } = await openTestVolume();
      first.intercept = (_, reply) => {
        if (first.seen.length > 1) reply(replyOf("staleIncarnation"));
        return true;
      };
      const outcome = codeOf(
        kind === "compareAndWrite"
          ? volume.compareAndWrite(0, block(0), block(1), options())
          : volume[kind](0, block(1), options()),
      );
      await until(() => first.seen.length === 1);
      first.disconnect();
      expect(await outcome).toBe(code);
      expect(first.seen.map(({ opId }) => opId.seq)).toEqual([1, 1]);
    },
  );

  it("stops waiting when aborted, never sends what was in line, and resolves the seq", async () => {
    const { volume, first } = await openTestVolume();
    await volume.write(0, block(0), options());
    first.intercept = () => true;
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const stuck = Array.from({ length: IN_FLIGHT_OPERATIONS_MAX + 8 }, () =>
      codeOf(volume.read(0, 512, options({ signal: abort.signal }))),
    );
    await until(() => first.seen.length === IN_FLIGHT_OPERATIONS_MAX + 1);
    await turns(20);
    expect(first.seen.length).toBe(IN_FLIGHT_OPERATIONS_MAX + 1);
    abort.abort(new SystemError("operation/aborted", "task aborted"));
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(["operation/aborted"]));
    expect(await codeOf(volume.read(0, 512, options({ signal: abort.signal })))).toBe(
      "operation/aborted",
    );
    first.intercept = () => false;
    first.seen.length = 0;
    first.disconnect();
    await volume.read(0, 512, options());
    expect(
      first.seen.map(({ opId, lowestUnresolvedSeq }) => opId.seq - lowestUnresolvedSeq),
    ).toEqual([0]);
  });

  it("sends the line's operations as answers come in", async () => {
    const { volume, first } = await openTestVolume();
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

  it("bounds the line behind a node, and does what did not fit later", async () => {
    const { volume, first, retries } = await openTestVolume();
    await volume.read(0, 512, options());
    const held: (() => void)[] = [];
    first.intercept = (operation, reply) => {
      held.push(() => reply(first.perform(operation)));
      return true;
    };
    const count = IN_FLIGHT_OPERATIONS_MAX + WAITING_OPERATIONS_MAX + 5;
    const reads = Array.from({ length: count }, () => volume.read(0, 512, options()));
    await until(() => held.length === IN_FLIGHT_OPERATIONS_MAX);
    expect(await retries("rpc/unavailable")).toBeGreaterThanOrEqual(5);
    first.intercept = () => false;
    for (const answer of held) answer();
    expect((await Promise.all(reads)).length).toBe(count);
  });

  it("fails what is outstanding when the gateway stops or the volume is deleted", async () => {
    const { cluster, volume, router, first } = await openTestVolume();
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

  it("counts what it does", async () => {
    const { volume, metrics } = await openTestVolume();
    await volume.write(0, block(1), options());
    await volume.read(0, 4096, options());
    const text = await metrics.metrics();
    expect(text).toContain('ashlar_volume_operation_bytes{kind="write"} 4096');
    expect(text).toContain('ashlar_volume_operation_seconds_count{kind="read"} 1');
    expect(text).toContain("ashlar_volume_in_flight 0");
  });
});
