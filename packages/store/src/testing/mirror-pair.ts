// A store on two members in memory, and who remembers what became of them.
import { type StoreUuid, SystemError, scatterJoin } from "@ashlar/core";
import { patternedBytes, writeEntry } from "@ashlar/replica/testing";
import { type Disk, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { expect } from "vitest";
import type { DiskChunkStore } from "../disk-chunk-store.ts";
import type { MirrorEvents, MirrorWitness } from "../mirror-file.ts";
import { createStore, type OpenStoreOptions, openStore } from "../open.ts";
import { A, OPTIONS, PATH, SIZES, UUID } from "./small-store.ts";

export const MIRROR_PATH = "/disk-1-mirror";
export const MEMBERS: readonly [string, string] = [PATH, MIRROR_PATH];

/** On a disk that never loses anything. */
export class MemoryWitness implements MirrorWitness {
  events: MirrorEvents | undefined;
  failure: SystemError | undefined;

  eventsOf(_: StoreUuid): MirrorEvents | undefined {
    return this.events;
  }

  async record(_: StoreUuid, events: MirrorEvents): Promise<void> {
    if (this.failure) throw this.failure;
    this.events = events;
  }
}

/** What is written by {@link writeBlock}, and where: block `seq` with the pattern `seq`. */
export const BLOCK_BYTES = 4096;

/** The entry `seq` of a chunk, committed. */
export async function writeBlock(store: DiskChunkStore, seq: number): Promise<void> {
  const lsn = { epoch: 1, seq };
  const data = patternedBytes(BLOCK_BYTES, seq);
  await store.append(A, writeEntry(A, lsn, seq * BLOCK_BYTES, data));
  store.commit(A, lsn);
}

export async function expectBlock(store: DiskChunkStore, seq: number): Promise<void> {
  const { data } = await store.read(A, seq * BLOCK_BYTES, BLOCK_BYTES);
  expect(scatterJoin(data).equals(patternedBytes(BLOCK_BYTES, seq))).toBe(true);
}

/** The code of the error, or `opened`. */
export const refusal = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => "opened",
    (error) => (error as SystemError).code,
  );

type Call = Parameters<MemoryDisk["fault"]>[0];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Until nothing that was asked of a disk in memory is under way. */
export async function turns(count = 50): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}

export class MirrorPair {
  readonly disk = new MemoryDisk();
  readonly clock = new ManualClock();
  readonly witness = new MemoryWitness();

  /** Made, and copied: both members are current. */
  static async whole(): Promise<{ pair: MirrorPair; store: DiskChunkStore }> {
    const pair = new MirrorPair();
    await createStore(pair.disk, { ...OPTIONS, ...SIZES, storeUuid: UUID }, { log: silentLog });
    const store = await pair.open();
    await pair.untilWhole(store);
    return { pair, store };
  }

  /** The second member misses what block 1 changed: at such a call it failed, and it is back. */
  static async stale(call: Call = "write"): Promise<MirrorPair> {
    const { pair, store } = await MirrorPair.whole();
    pair.fail(MIRROR_PATH, call);
    await writeBlock(store, 1);
    await store.checkpoint();
    await store.close();
    pair.heal();
    return pair;
  }

  /** The first member goes on alone with another block; from then on the second one is not read alone. */
  async outlive(seq: number): Promise<void> {
    this.fail(MIRROR_PATH, "read");
    const alone = await this.open();
    await writeBlock(alone, seq);
    await alone.close();
    this.fail(PATH, "read");
    expect(await refusal(this.open())).toBe("disk/foreign");
    this.heal();
    await expectBlock(await this.open(), seq);
  }

  open(options: Partial<OpenStoreOptions> = {}, disk: Disk = this.disk): Promise<DiskChunkStore> {
    const { clock, witness } = this;
    const all = { ...OPTIONS, mirrorPath: MIRROR_PATH, ...options };
    return openStore(disk, all, { log: silentLog, clock, witness });
  }

  async untilWhole(store: DiskChunkStore): Promise<void> {
    for (let left = 1_000; store.mirrorStatus?.state !== "both"; left -= 1) {
      if (left === 0) throw new Error(`the mirror is ${store.mirrorStatus?.state}`);
      await turn();
      this.clock.advance(20);
    }
    await turns();
  }

  /** From now on these calls of a member fail. */
  fail(path: string, ...calls: readonly Call[]): void {
    this.disk.fault = (call, of) =>
      of === path && calls.includes(call)
        ? new SystemError("disk/failed", `${path}: input/output error`, { errno: "EIO" })
        : undefined;
  }

  heal(): void {
    this.disk.fault = () => undefined;
  }
}
