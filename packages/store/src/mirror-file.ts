// The two members of a mirror pair as one file: every write and every sync goes to both, a read to one that has
// everything. When a member fails, nothing is acknowledged any more until the other one, and whoever remembers it
// elsewhere, have durably noted that the failed one is out of date: so that it is never read when it returns (P19).
import { assert, hasCode, type StoreUuid, SystemError, toSystemError } from "@ashlar/core";
import type { DiskFile, Log, Piece } from "@ashlar/runtime";
import { type LabelState, writeLabel } from "./mirror-label.ts";
import { RangeTurns } from "./range-turns.ts";

export interface Member {
  readonly path: string;
  readonly file: DiskFile;
}

/** Numbers of a pair's events. */
export interface MirrorEvents {
  /** A member that knows of fewer may miss something. */
  readonly noted: number;
  /** The highest that any label may tell: the next event has a higher one. */
  readonly given: number;
}

/** Remembers, on another disk than the members', the events of pairs. */
export interface MirrorWitness {
  /** Undefined when nothing is known here. */
  eventsOf(store: StoreUuid): MirrorEvents | undefined;
  /** Durable when it resolves. */
  record(store: StoreUuid, events: MirrorEvents): Promise<void>;
}

/** What can be seen of a pair. */
export interface MirrorStatus {
  /** `copying`: one of them is made equal to the other. */
  readonly state: "both" | "alone" | "copying";
  readonly copiedBytes: number;
  readonly totalBytes: number;
}

interface HeldMember extends Member {
  /** Only one that is `current` is read; one that is `behind` is written only. */
  state: "current" | "behind" | "lost";
}

export interface MirrorFileOptions {
  readonly storeUuid: StoreUuid;
  /** At least one. */
  readonly current: readonly Member[];
  /** At most one, and none when two are current. */
  readonly behind: readonly Member[];
  /** That the labels of the current ones tell. */
  readonly events: number;
  /** See MirrorLabel. */
  readonly partnerEvents: number;
}

const EVERYWHERE = [0, Number.POSITIVE_INFINITY] as const;

export class MirrorFile implements DiskFile {
  readonly path: string;
  private readonly deps: { readonly log: Log; readonly witness: MirrorWitness };
  private readonly members: readonly HeldMember[];
  private readonly storeUuid: StoreUuid;
  private events: number;
  private partnerEvents: number;
  /** Changes of who is current, one after the other; rejects when none is left. */
  private settled: Promise<void> = Promise.resolve();
  private readonly turns = new RangeTurns();
  private progress = { copiedBytes: 0, totalBytes: 0 };
  private readonly closing = new AbortController();
  private background: Promise<void> = Promise.resolve();

  constructor(deps: { log: Log; witness: MirrorWitness }, options: MirrorFileOptions) {
    const { current, behind, storeUuid, events, partnerEvents } = options;
    assert(current.length > 0, "a member of a mirror has everything");
    this.deps = deps;
    this.members = [
      ...current.map((member) => ({ ...member, state: "current" as const })),
      ...behind.map((member) => ({ ...member, state: "behind" as const })),
    ];
    this.path = current[0]?.path ?? "";
    this.storeUuid = storeUuid;
    this.events = events;
    this.partnerEvents = partnerEvents;
  }

  get status(): MirrorStatus {
    const { progress, members } = this;
    const isWhole = members.filter(({ state }) => state === "current").length === 2;
    const isCopying = members.some(({ state }) => state === "behind");
    return { ...progress, state: isWhole ? "both" : isCopying ? "copying" : "alone" };
  }

  get pathsInUse(): readonly string[] {
    return this.members.filter(({ state }) => state !== "lost").map(({ path }) => path);
  }

  /** Of a device it is 0. */
  async sizeBytes(): Promise<number> {
    const sizes = await Promise.all(this.current().map(({ file }) => file.sizeBytes()));
    const known = sizes.filter((size) => size > 0);
    return known.length === 0 ? 0 : Math.min(...known);
  }

  async read(position: number, target: Buffer): Promise<void> {
    for (;;) {
      const member = this.source();
      try {
        await member.file.read(position, target);
        return;
      } catch (thrown) {
        this.refuseClosed();
        await this.lose(member, thrown);
      }
    }
  }

  /** The member that {@link read} does not read, if it has everything; where it fails, the other one is read. */
  second(): Pick<DiskFile, "read"> | undefined {
    const [, member] = this.current();
    if (!member) return undefined;
    const read: DiskFile["read"] = async (position, target) => {
      try {
        await member.file.read(position, target);
      } catch (thrown) {
        this.refuseClosed();
        await this.lose(member, thrown);
        await this.read(position, target);
      }
    };
    return { read };
  }

  write(...[position, data]: Parameters<DiskFile["write"]>): Promise<void> {
    const length = data.reduce((sum, { length: bytes }) => sum + bytes, 0);
    return this.change([position, position + length], (file) => file.write(position, data));
  }

  writeMany(pieces: readonly Piece[]): Promise<void> {
    // In place: nothing grows.
    return this.turns.together(EVERYWHERE, () => this.onEach((file) => file.writeMany(pieces)));
  }

  datasync(): Promise<void> {
    // Whatever is copied meanwhile is synced by whoever copies it.
    return this.onEach((file) => file.datasync());
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.turns.together(EVERYWHERE, () =>
      this.onEach((file) => file.truncate(sizeBytes), sizeBytes),
    );
  }

  async close(): Promise<void> {
    this.closing.abort(new SystemError("operation/aborted", "the store is closed"));
    await this.background;
    await this.settled.catch(() => {});
    const outcomes = await Promise.allSettled(this.members.map(({ file }) => file.close()));
    const failed = outcomes.every(({ status }) => status === "rejected");
    const [first] = outcomes;
    if (failed && first?.status === "rejected") throw first.reason;
  }

  /** Begins work that goes on until it is done, or the file is closed; it never rejects. */
  inBackground(work: (signal: AbortSignal) => Promise<void>): void {
    this.background = Promise.all([this.background, work(this.closing.signal)]).then(() => {});
  }

  /** The one that is behind, if there is one, and where to copy from. */
  pairToCopy(): { readonly source: Member; readonly target: Member } | undefined {
    const target = this.members.find(({ state }) => state === "behind");
    const [source] = this.current();
    return target && source ? { source, target } : undefined;
  }

  /** Runs while nothing is written into `[from, to)`. */
  apart(from: number, to: number, run: () => Promise<void>): Promise<void> {
    return this.turns.alone([from, to], run);
  }

  copied(copiedBytes: number, totalBytes: number): void {
    this.progress = { copiedBytes, totalBytes };
  }

  /** The one that was behind could not be copied to: it is left alone from now on. */
  giveUp(target: Member, reason: unknown): void {
    const member = this.members.find(({ path }) => path === target.path);
    if (member?.state === "behind") void this.lose(member, reason);
  }

  /** The one that was behind has everything, synced. Resolves when that is noted everywhere. */
  caughtUp(target: Member): Promise<void> {
    return this.settle(async () => {
      const member = this.members.find(({ path }) => path === target.path);
      if (member?.state !== "behind") return;
      // What the other one's label says until it has the next one.
      const before = this.events;
      try {
        await this.next();
      } catch (thrown) {
        void this.lose(member, thrown);
        return;
      }
      this.partnerEvents = before;
      // From here on its label may say so, and if it fails, the other one must say more.
      member.state = "current";
      const other = this.current().find((one) => one !== member);
      // Before the other one: should the power fail now, the higher number is that of one that has everything.
      for (const next of other ? [member, other] : [member]) {
        try {
          await this.label(next, "both");
        } catch (thrown) {
          void this.lose(next, thrown);
          return;
        }
      }
      this.partnerEvents = this.events;
      this.deps.log.info({ path: member.path, events: this.events }, "mirror is whole");
      // What the labels say is enough until one goes on alone.
      await this.noted().catch((error: unknown) => {
        this.deps.log.warn({ error }, "events of a mirror are not remembered");
      });
    });
  }

  private current(): HeldMember[] {
    return this.members.filter(({ state }) => state === "current");
  }

  private source(): HeldMember {
    const [member] = this.current();
    if (!member) throw new SystemError("disk/failed", `${this.path}: both members failed`);
    return member;
  }

  private async change(
    [from, to]: readonly [number, number],
    call: (file: DiskFile) => Promise<void>,
  ): Promise<void> {
    await this.turns.together([from, to], () => this.onEach(call, to));
  }

  /**
   * @param end where a write ends; of nothing else a disk may say that it is full.
   * @throws SystemError disk/no-space when a current member cannot grow; disk/failed when none is left.
   */
  private async onEach(call: (file: DiskFile) => Promise<void>, end = 0): Promise<void> {
    let full: unknown;
    const one = async (member: HeldMember): Promise<void> => {
      try {
        await call(member.file);
      } catch (thrown) {
        this.refuseClosed();
        // As on a single disk: whoever wrote knows what to do, and nothing of it counts.
        if (await isFull(member, thrown, end)) full ??= thrown;
        else this.lose(member, thrown).catch(() => {});
      }
    };
    await Promise.all(this.members.filter(({ state }) => state !== "lost").map(one));
    await this.settled;
    this.source();
    if (full) throw full;
  }

  /** Resolves when it is noted that this member misses something; rejects when no other one is left. */
  private lose(member: HeldMember, thrown: unknown): Promise<void> {
    const { state } = member;
    if (state === "lost") return this.settled;
    member.state = "lost";
    const error = toSystemError(thrown, "disk/failed");
    this.deps.log.error(
      { path: member.path, was: state, code: error.code, error },
      "mirror member failed",
    );
    // That one says itself that it misses something.
    if (state === "behind") return this.settled;
    return this.settle(async () => {
      const survivor = this.source();
      await this.next();
      try {
        await this.label(survivor, "alone");
      } catch (failed) {
        survivor.state = "lost";
        throw failed;
      }
      await this.noted();
      this.deps.log.warn({ path: survivor.path, events: this.events }, "mirror goes on with one");
    });
  }

  /** A number that no label tells, and none will before this is durable. */
  private async next(): Promise<void> {
    const { noted, given } = this.deps.witness.eventsOf(this.storeUuid) ?? { noted: 0, given: 0 };
    this.events = Math.max(this.events, given) + 1;
    await this.deps.witness.record(this.storeUuid, { noted, given: this.events });
  }

  private noted(): Promise<void> {
    const { events } = this;
    return this.deps.witness.record(this.storeUuid, { noted: events, given: events });
  }

  /** What fails because it comes too late says nothing of a disk. */
  private refuseClosed(): void {
    if (this.closing.signal.aborted) throw new SystemError("disk/failed", "the store is closed");
  }

  private settle(change: () => Promise<void>): Promise<void> {
    this.settled = this.settled.then(change);
    // Everything that is asked later tells it.
    this.settled.catch(() => {});
    return this.settled;
  }

  private label({ file }: Member, state: LabelState): Promise<void> {
    const { storeUuid, events, partnerEvents } = this;
    return writeLabel(file, { storeUuid, events, state, partnerEvents });
  }
}

/** Whether a file could not grow, which is no failure of a disk. */
async function isFull({ file, state }: HeldMember, thrown: unknown, end: number): Promise<boolean> {
  if (state !== "current" || !hasCode(thrown, "disk/no-space")) return false;
  const sizeBytes = await file.sizeBytes().catch(() => Number.POSITIVE_INFINITY);
  return end > sizeBytes;
}
