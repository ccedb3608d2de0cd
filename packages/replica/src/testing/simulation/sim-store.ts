// One chunk on one simulated disk. Calls take effect in memory at once and on the disk when the
// simulation says that their fsync is through; a crash keeps a prefix of what was on its way.
import {
  assert,
  CHECKSUM_UNIT,
  type ChunkId,
  compareLsn,
  crc32c,
  EXTENT_SIZE,
  LSN_ZERO,
  type Lsn,
  maxLsn,
  SystemError,
  scatterJoin,
  scatterSlice,
  UNITS_PER_EXTENT,
  unitChecksums,
} from "@ashlar/core";
import type { ChunkStatus, ExtentCopy, ExtentStamp, ReadResult } from "../../chunk-store.ts";
import type { JournalEffect } from "../../events.ts";
import type { LogEntry } from "../../log-entry.ts";
import { type OperationWindow, OperationWindows } from "../../operation-windows.ts";

interface SimExtent {
  readonly lastLsn: Lsn;
  /** Undefined when unmapped; units that were never written are zeros. */
  readonly units: readonly (Buffer | undefined)[] | undefined;
}

interface State {
  promised: number;
  tail: Lsn;
  commit: Lsn;
  resyncFrom: Lsn | undefined;
  entries: LogEntry[];
  extents: Map<number, SimExtent>;
  /** Units whose bits have flipped; what they should hold is kept to know a good repair. */
  damaged: Set<number>;
  windows: OperationWindows;
}

type Call = JournalEffect | { readonly kind: "commit"; readonly ticket: 0; readonly lsn: Lsn };

const ZERO_UNIT = Buffer.alloc(CHECKSUM_UNIT);
const NO_UNITS: readonly (Buffer | undefined)[] = new Array(UNITS_PER_EXTENT).fill(undefined);

export class SimStore {
  private readonly chunk: ChunkId;
  private live: State;
  private disk: State;
  private pending: Call[] = [];

  constructor(chunk: ChunkId) {
    this.chunk = chunk;
    this.live = empty();
    this.disk = empty();
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  /** As a store tells when it is opened. */
  get status(): ChunkStatus {
    const { promised: promisedEpoch, tail, commit, resyncFrom } = this.disk;
    return { chunk: this.chunk, promisedEpoch, tail, commit, resyncFrom };
  }

  get uncommitted(): readonly LogEntry[] {
    return this.disk.entries;
  }

  /** What reads do not see yet, durable or not. */
  get unapplied(): readonly LogEntry[] {
    return this.live.entries;
  }

  /** Something waits for which a ticket was given. */
  get owesTicket(): boolean {
    return this.pending.some(({ ticket }) => ticket > 0);
  }

  get windows(): readonly OperationWindow[] {
    return this.disk.windows.list();
  }

  /** What a commit up to `lsn` is about to commit. */
  entriesUpTo(lsn: Lsn): readonly LogEntry[] {
    return this.live.entries.filter((entry) => entry.lsn.seq <= lsn.seq);
  }

  call(effect: JournalEffect): void {
    this.issue(effect);
  }

  commit(lsn: Lsn): void {
    assert(lsn.seq <= this.disk.tail.seq, "only what is durable is committed");
    this.issue({ kind: "commit", ticket: 0, lsn });
  }

  /** Makes the first `count` calls durable; gives the last ticket among them. */
  sync(count: number): number {
    let ticket = 0;
    for (const call of this.pending.splice(0, count)) {
      apply(this.disk, call);
      ticket = Math.max(ticket, call.ticket);
    }
    return ticket;
  }

  /** The process dies; `kept` of the calls on their way reached the disk all the same. */
  crash(kept: number): void {
    this.sync(kept);
    this.pending = [];
    this.reload();
  }

  /** A disk that breaks its word: its newest promise or its newest uncommitted entry is gone. */
  forget(what: "promiseForgotten" | "entryForgotten"): void {
    const { disk } = this;
    if (what === "promiseForgotten") disk.promised = Math.max(0, disk.promised - 1);
    else if (disk.entries.length > 0) cut(disk, disk.entries.at(-2)?.lsn ?? disk.commit);
    this.reload();
  }

  get damagedUnits(): readonly number[] {
    return [...this.live.damaged];
  }

  /** Bits flip on the disk. */
  damage(unit: number): void {
    this.live.damaged.add(unit);
    this.disk.damaged.add(unit);
  }

  /** What a unit holds for good, undamaged: it survives any crash. */
  goodUnit(unit: number): Buffer | undefined {
    const { live, disk } = this;
    if (live.damaged.has(unit) || disk.damaged.has(unit)) return undefined;
    const bytes = unitIn(disk, unit);
    return bytes && unitIn(live, unit)?.equals(bytes) ? bytes : undefined;
  }

  read(offset: number, length: number): ReadResult {
    const parts: Buffer[] = [];
    const first = Math.floor(offset / CHECKSUM_UNIT);
    const last = Math.floor((offset + length - 1) / CHECKSUM_UNIT);
    this.requireIntact(first, last);
    for (let unit = first; unit <= last; unit++) parts.push(this.unit(unit));
    const data = scatterSlice(parts, offset - first * CHECKSUM_UNIT, length);
    return { data, checksums: unitChecksums(this.chunk, offset, data) };
  }

  extentsNewerThan(lsn: Lsn): readonly ExtentStamp[] {
    return [...this.live.extents]
      .filter(([, { lastLsn }]) => compareLsn(lastLsn, lsn) > 0)
      .map(([extent, { lastLsn, units }]) => ({ extent, lastLsn, mapped: units !== undefined }))
      .sort((a, b) => a.extent - b.extent);
  }

  readExtent(extent: number): ExtentCopy {
    const { lastLsn = LSN_ZERO, units } = this.live.extents.get(extent) ?? {};
    if (!units) return { extent, lastLsn, data: undefined, checksums: new Uint32Array(0) };
    this.requireIntact(extent * UNITS_PER_EXTENT, (extent + 1) * UNITS_PER_EXTENT - 1);
    const data = units.map((unit) => unit ?? ZERO_UNIT);
    const checksums = unitChecksums(this.chunk, extent * EXTENT_SIZE, data);
    return { extent, lastLsn, data, checksums };
  }

  /** Equal content gives equal digests; unmapped units are zeros. */
  digest(extents: number): string {
    let crc = 0;
    for (let unit = 0; unit < extents * UNITS_PER_EXTENT; unit++)
      crc = crc32c(this.unit(unit), crc);
    return crc.toString(16).padStart(16, "0");
  }

  private reload(): void {
    const { disk } = this;
    this.live = {
      ...disk,
      entries: [...disk.entries],
      extents: new Map(disk.extents),
      damaged: new Set(disk.damaged),
    };
  }

  private unit(unit: number): Buffer {
    return unitIn(this.live, unit) ?? ZERO_UNIT;
  }

  private requireIntact(first: number, last: number): void {
    const units = this.damagedUnits.filter((unit) => unit >= first && unit <= last);
    if (units.length > 0) throw new SystemError("chunk/bad-checksum", "bits flipped", { units });
  }

  private issue(call: Call): void {
    apply(this.live, call);
    this.pending.push(call);
  }
}

const empty = (): State => ({
  promised: 0,
  tail: LSN_ZERO,
  commit: LSN_ZERO,
  resyncFrom: undefined,
  entries: [],
  extents: new Map(),
  damaged: new Set(),
  windows: new OperationWindows(),
});

const unitIn = ({ extents }: State, unit: number): Buffer | undefined =>
  extents.get(Math.floor(unit / UNITS_PER_EXTENT))?.units?.[unit % UNITS_PER_EXTENT];

function cut(state: State, after: Lsn): void {
  state.entries = state.entries.filter(({ lsn }) => lsn.seq <= after.seq);
  if (state.tail.seq > after.seq) state.tail = after;
}

function apply(state: State, call: Call): void {
  switch (call.kind) {
    case "promise":
      assert(call.epoch > state.promised, "a promise rises");
      state.promised = call.epoch;
      return;
    case "append":
      assert(call.entry.lsn.seq === state.tail.seq + 1, "the log has no holes");
      state.entries.push(call.entry);
      state.tail = call.entry.lsn;
      return;
    case "truncate":
      assert(call.after.seq >= state.commit.seq, "what is committed is never truncated");
      cut(state, call.after);
      return;
    case "beginResync":
      state.resyncFrom = call.from;
      cut(state, state.commit);
      return;
    case "setBase":
      state.entries = [];
      if (compareLsn(call.base, state.commit) >= 0) {
        state.windows = new OperationWindows(call.windows);
      }
      state.tail = maxLsn(state.tail, call.base);
      state.commit = maxLsn(state.commit, call.base);
      return;
    case "applyCopy":
      applyCopy(state, call.copy);
      return;
    case "endResync":
      state.resyncFrom = undefined;
      return;
    case "repairUnit": {
      const { unit, data } = call.repair;
      if (unitIn(state, unit)?.equals(scatterJoin(data))) state.damaged.delete(unit);
      return;
    }
    case "commit":
      while (state.entries[0] && state.entries[0].lsn.seq <= call.lsn.seq) {
        const entry = state.entries.shift()!;
        applyEntry(state, entry);
        state.windows.commit(entry);
        state.commit = entry.lsn;
      }
      return;
  }
}

function applyCopy(state: State, { extent, lastLsn, data }: ExtentCopy): void {
  const whole = data && scatterJoin(data);
  const units = whole && NO_UNITS.map((_, at) => unitOf(whole, at * CHECKSUM_UNIT));
  state.extents.set(extent, { lastLsn, units });
  NO_UNITS.forEach((_, at) => {
    state.damaged.delete(extent * UNITS_PER_EXTENT + at);
  });
}

function applyEntry(state: State, entry: LogEntry): void {
  if (entry.kind === "noop") return;
  const whole = entry.kind === "write" ? scatterJoin(entry.data) : undefined;
  for (let at = 0; at < entry.length; at += CHECKSUM_UNIT) {
    const extent = Math.floor((entry.offset + at) / EXTENT_SIZE);
    state.damaged.delete((entry.offset + at) / CHECKSUM_UNIT);
    const before = state.extents.get(extent);
    const units = [...(before?.units ?? NO_UNITS)];
    units[((entry.offset + at) % EXTENT_SIZE) / CHECKSUM_UNIT] = whole && unitOf(whole, at);
    const isUnmapped = entry.kind === "unmap" && units.every((unit) => unit === undefined);
    const lastLsn = maxLsn(before?.lastLsn ?? LSN_ZERO, entry.lsn);
    state.extents.set(extent, { lastLsn, units: isUnmapped ? undefined : units });
  }
}

const unitOf = (whole: Buffer, at: number): Buffer => whole.subarray(at, at + CHECKSUM_UNIT);
