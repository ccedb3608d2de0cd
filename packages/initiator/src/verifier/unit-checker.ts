// The verifier's memory and judgement, without any I/O: which writes were begun and ended where,
// which reads are in flight, and whether the units a read returned could be there.
import { assertNever } from "@ashlar/core";
import type { FaultKind } from "./report.ts";
import { isMixOf, readStamp, type Stamp, writeStamp } from "./stamp.ts";
import { type ReadInterval, UnitHistory } from "./unit-history.ts";

export interface CheckerOptions {
  readonly runId: number;
  readonly writer: number;
  /** Bytes that carry one stamp: 512, or 4096 to spend less memory on large spans. */
  readonly unitSize: number;
  /** "zero": the device is known to be empty. "any": whatever is there before the first write. */
  readonly initial: "zero" | "any";
}

export interface UnitFault {
  readonly kind: FaultKind;
  readonly offset: number;
  readonly legal: readonly number[];
  readonly found: string;
}

/** A write or unmap that was begun. */
export interface Mark {
  readonly sequence: number;
  readonly offset: number;
  readonly length: number;
}

/** Versions looked at when a damaged unit may be a mix: bounds the work per fault. */
const MIX_VERSIONS_MAX = 64;

export class UnitChecker {
  private readonly options: CheckerOptions;
  private readonly units = new Map<number, UnitHistory>();
  /** Begin ticks of reads in flight, in order. */
  private readonly readsInFlight: number[] = [];
  private tick = 0;
  private lastSequence = 0;
  private checked = 0;

  constructor(options: CheckerOptions) {
    this.options = options;
  }

  get unitsWritten(): number {
    return this.units.size;
  }

  get unitsChecked(): number {
    return this.checked;
  }

  /** Offsets of all units ever written or unmapped, ascending. */
  touchedOffsets(): number[] {
    return [...this.units.keys()].sort((a, b) => a - b).map((unit) => unit * this.unitSize);
  }

  /** Fills `data` with stamps and remembers that they may be on the device from now on. */
  beginWrite(offset: number, data: Buffer): Mark {
    const mark = this.begin(offset, data.length, false);
    for (let at = 0; at < data.length; at += this.unitSize) {
      writeStamp(data.subarray(at, at + this.unitSize), this.stampOf(offset + at, mark.sequence));
    }
    return mark;
  }

  beginUnmap(offset: number, length: number): Mark {
    return this.begin(offset, length, true);
  }

  /** The write or unmap was acknowledged. One that failed is never ended. */
  endWrite({ sequence, offset, length }: Mark): void {
    const endTick = ++this.tick;
    const oldestRead = this.readsInFlight[0] ?? endTick + 1;
    this.eachUnit(offset, length, (history) => {
      history.endWrite(sequence, endTick);
      history.prune(oldestRead);
    });
  }

  /** Returns the tick to hand to {@link endRead} or {@link abandonRead}. */
  beginRead(): number {
    this.readsInFlight.push(++this.tick);
    return this.tick;
  }

  /** The read failed; nothing is learned. */
  abandonRead(startTick: number): void {
    this.readsInFlight.splice(this.readsInFlight.indexOf(startTick), 1);
  }

  /** Judges every unit of a read that began at `startTick`. */
  endRead(startTick: number, offset: number, data: Buffer): UnitFault[] {
    this.abandonRead(startTick);
    const read = { startTick, endTick: ++this.tick };
    const faults: UnitFault[] = [];
    for (let at = 0; at < data.length; at += this.unitSize) {
      const fault = this.judge(offset + at, data.subarray(at, at + this.unitSize), read);
      if (fault) faults.push(fault);
    }
    return faults;
  }

  private get unitSize(): number {
    return this.options.unitSize;
  }

  private begin(offset: number, length: number, zero: boolean): Mark {
    const sequence = ++this.lastSequence;
    const startTick = ++this.tick;
    this.eachUnit(offset, length, (history) => history.beginWrite(sequence, zero, startTick));
    return { sequence, offset, length };
  }

  private eachUnit(offset: number, length: number, visit: (history: UnitHistory) => void): void {
    for (let unit = offset / this.unitSize; unit * this.unitSize < offset + length; unit++) {
      let history = this.units.get(unit);
      if (!history) {
        history = new UnitHistory({ initialZero: this.options.initial === "zero" });
        this.units.set(unit, history);
      }
      visit(history);
    }
  }

  private stampOf(offset: number, sequence: number): Stamp {
    return { runId: this.options.runId, writer: this.options.writer, offset, sequence };
  }

  private judge(offset: number, unit: Buffer, read: ReadInterval): UnitFault | undefined {
    this.checked++;
    const history = this.units.get(offset / this.unitSize);
    const content = readStamp(unit);
    if (!history) {
      if (this.options.initial === "any" || content.kind === "zero") return undefined;
      return { kind: "foreign", offset, legal: [0], found: `${content.kind} in an empty unit` };
    }
    const fault = (kind: FaultKind, found: string): UnitFault => {
      return { kind, offset, legal: history.legal(read), found };
    };
    switch (content.kind) {
      case "zero":
        if (history.observeZero(read) || this.observeInitial(history, read)) return undefined;
        return fault("lost", "zeros");
      case "stamped": {
        const verdict = this.judgeStamp(offset, content.stamp, history, read);
        return verdict && fault(verdict, describe(content.stamp));
      }
      case "damaged":
      case "unknown": {
        if (content.kind === "unknown" && this.observeInitial(history, read)) return undefined;
        const named = content.kind === "damaged" ? [content.stamp.sequence] : [];
        if (this.isTorn(offset, unit, named, history)) return fault("torn", "a mix of writes");
        return fault("corrupt", `bytes ${unit.toString("hex", 0, 32)}…`);
      }
      default:
        return assertNever(content);
    }
  }

  /** With unknown initial content, anything that is not ours may be what was there before. */
  private observeInitial(history: UnitHistory, read: ReadInterval): boolean {
    return this.options.initial === "any" && history.observeWrite(0, read);
  }

  private judgeStamp(
    offset: number,
    stamp: Stamp,
    history: UnitHistory,
    read: ReadInterval,
  ): FaultKind | undefined {
    const ours = stamp.runId === this.options.runId && stamp.writer === this.options.writer;
    if (!ours) return this.observeInitial(history, read) ? undefined : "foreign";
    if (stamp.offset !== offset || stamp.sequence > this.lastSequence) return "foreign";
    return history.observeWrite(stamp.sequence, read) ? undefined : "stale";
  }

  /** Whether the unit mixes versions that its header or the history names, or one with zeros. */
  private isTorn(offset: number, unit: Buffer, named: number[], history: UnitHistory): boolean {
    const sequences = [...new Set([...named, ...history.known()])].filter((each) => each > 0);
    const versions = sequences.slice(0, MIX_VERSIONS_MAX).map((sequence) => {
      const version = Buffer.alloc(this.unitSize);
      writeStamp(version, this.stampOf(offset, sequence));
      return version;
    });
    return isMixOf(unit, [...versions, Buffer.alloc(this.unitSize)]);
  }
}

const describe = ({ runId, writer, offset, sequence }: Stamp): string =>
  `write ${sequence} of writer ${writer} in run ${runId} for offset ${offset}`;
