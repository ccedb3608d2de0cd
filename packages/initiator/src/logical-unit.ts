// A logical unit as a block device, over one session or several paths. Conditions that every host
// retries are retried here too - unit attentions, BUSY, TASK SET FULL, not ready, aborted by the
// target - within a budget, and each is recorded: what an initiator had to swallow belongs into the report.
import {
  assert,
  type BlockDevice,
  MIB,
  type OperationOptions,
  type ScatterList,
  SystemError,
  scatterLength,
  scatterSlice,
} from "@ashlar/core";
import { type Clock, nodeClock, sleep } from "@ashlar/runtime";
import { IncidentLog } from "./incidents.ts";
import * as cdb from "./scsi/cdb.ts";
import type { CommandExecutor, ScsiCommand, ScsiResult } from "./scsi/command.ts";
import { parseDesignators, unitIdentity } from "./scsi/identity.ts";
import { type Inquiry, parseBlockLimits, parseInquiry } from "./scsi/inquiry-pages.ts";
import { formatSense, SENSE_KEY, STATUS, statusError } from "./scsi/sense.ts";
import {
  parseTargetPortGroups,
  reportTargetPortGroups,
  type TargetPortGroup,
} from "./scsi/target-port-groups.ts";

/** Nothing lies between an initiator and its commands: it needs no proof of a path. */
export type AbortOptions = Pick<OperationOptions, "signal">;

export interface LogicalUnitOptions {
  readonly lun: number;
  /** Name of the device in incidents. */
  readonly name?: string;
  readonly incidents?: IncidentLog;
  readonly clock?: Clock;
  /** Time within which a command is retried, as open-iscsi's command timeout. */
  readonly retryBudgetMs?: number;
}

export interface Capacity {
  readonly blocks: number;
  readonly blockSize: number;
  /** Bytes of the physical block. */
  readonly physicalBlockSize: number;
  /** Thin provisioned (LBPME), and unmapped blocks read as zeros (LBPRZ). */
  readonly thin: boolean;
  readonly unmappedReadsZero: boolean;
}

const RETRY_BUDGET_MS = 30_000;
/** Pause before a command that met BUSY goes out again. */
const BUSY_PAUSE_MS = 100;
/** Unit attentions and aborts in a row before a command fails: more than a target may queue. */
const RETRIES_MAX = 16;
/** Not repeated after an abort: had it been carried out, it would not find what it expects. */
const COMPARE_AND_WRITE = 0x89;
/** Longest transfer of one command; shorter if VPD B0 says so. */
const TRANSFER_MAX = MIB;
/** Longest UNMAP of one command; shorter if VPD B0 says so. */
const UNMAP_MAX = 1024 * MIB;
/** Longest WRITE SAME of one command, likewise. */
const WRITE_SAME_MAX = 32 * MIB;
const VPD_LENGTH = 1024;
const CONTROL_LENGTH = 255;
/** Some hundred ports. */
const GROUPS_LENGTH = 4096;

type Verdict = "done" | "retry" | "pause";

export class LogicalUnit implements BlockDevice {
  readonly lun: number;
  readonly incidents: IncidentLog;
  private readonly executor: CommandExecutor;
  private readonly clock: Clock;
  private readonly name: string;
  private readonly retryBudgetMs: number;
  private capacity: Capacity = {
    blocks: 0,
    blockSize: 512,
    physicalBlockSize: 512,
    thin: false,
    unmappedReadsZero: false,
  };
  private transferMax = TRANSFER_MAX;
  private unmapMax = UNMAP_MAX;
  private writeSameMax = WRITE_SAME_MAX;

  /** Use {@link LogicalUnit.open}, unless capacity and limits are not wanted. */
  constructor(executor: CommandExecutor, options: LogicalUnitOptions) {
    this.executor = executor;
    this.lun = options.lun;
    this.clock = options.clock ?? nodeClock;
    this.incidents = options.incidents ?? new IncidentLog(this.clock);
    this.name = options.name ?? `lun ${options.lun}`;
    this.retryBudgetMs = options.retryBudgetMs ?? RETRY_BUDGET_MS;
  }

  /** Reads capacity and limits first. */
  static async open(executor: CommandExecutor, options: LogicalUnitOptions): Promise<LogicalUnit> {
    const unit = new LogicalUnit(executor, options);
    await unit.readCapacity();
    await unit.readLimits();
    return unit;
  }

  get blockSize(): number {
    return this.capacity.blockSize;
  }

  get sizeBytes(): number {
    return this.capacity.blocks * this.capacity.blockSize;
  }

  async read(offset: number, length: number, options: AbortOptions): Promise<ScatterList> {
    const parts: Buffer[] = [];
    for (const part of this.split(offset, length, this.transferMax)) {
      const command = cdb.read16(part.lba, part.blocks);
      const result = await this.good("READ", { cdb: command, dataInLength: part.length }, options);
      parts.push(...result.dataIn);
    }
    return parts;
  }

  async write(offset: number, data: ScatterList, options: AbortOptions): Promise<void> {
    for (const part of this.split(offset, scatterLength(data), this.transferMax)) {
      const dataOut = scatterSlice(data, part.at, part.length);
      await this.good("WRITE", { cdb: cdb.write16(part.lba, part.blocks), dataOut }, options);
    }
  }

  async unmapBlocks(offset: number, length: number, options: AbortOptions): Promise<void> {
    for (const part of this.split(offset, length, this.unmapMax)) {
      const { cdb: command, parameters } = cdb.unmap(part.lba, part.blocks);
      await this.good("UNMAP", { cdb: command, dataOut: [parameters] }, options);
    }
  }

  /** Repeats one block of data over the range. */
  async writeSame(
    offset: number,
    length: number,
    block: Buffer,
    options: AbortOptions,
  ): Promise<void> {
    assert(block.length === this.blockSize, "WRITE SAME takes one block");
    for (const part of this.split(offset, length, this.writeSameMax)) {
      const command = cdb.writeSame16(part.lba, part.blocks);
      await this.good("WRITE SAME", { cdb: command, dataOut: [block] }, options);
    }
  }

  async compareAndWrite(
    offset: number,
    expected: ScatterList,
    data: ScatterList,
    options: AbortOptions,
  ): Promise<void> {
    const length = scatterLength(data);
    assert(scatterLength(expected) === length, "COMPARE AND WRITE compares what it writes");
    const { lba, blocks } = this.blocksOf(offset, length);
    const dataOut = [...expected, ...data];
    const command = { cdb: cdb.compareAndWrite(lba, blocks), dataOut };
    await this.good("COMPARE AND WRITE", command, options);
  }

  async orWrite(offset: number, data: ScatterList, options: AbortOptions): Promise<void> {
    for (const part of this.split(offset, scatterLength(data), this.transferMax)) {
      const dataOut = scatterSlice(data, part.at, part.length);
      await this.good("ORWRITE", { cdb: cdb.orWrite16(part.lba, part.blocks), dataOut }, options);
    }
  }

  async flush(options: AbortOptions): Promise<void> {
    await this.good("SYNCHRONIZE CACHE", { cdb: cdb.synchronizeCache16() }, options);
  }

  async readCapacity(): Promise<Capacity> {
    const page = await this.fetch("READ CAPACITY", cdb.readCapacity16(), 32);
    if (page.length < 16) throw new SystemError("rpc/bad-frame", "READ CAPACITY data is too short");
    const blockSize = page.readUInt32BE(8);
    this.capacity = {
      blocks: Number(page.readBigUInt64BE(0)) + 1,
      blockSize,
      physicalBlockSize: blockSize * 2 ** (page.readUInt8(13) & 0x0f),
      thin: (page.readUInt8(14) & 0x80) !== 0,
      unmappedReadsZero: (page.readUInt8(14) & 0x40) !== 0,
    };
    return this.capacity;
  }

  async inquiry(): Promise<Inquiry> {
    const page = await this.fetch("INQUIRY", cdb.inquiry(CONTROL_LENGTH), CONTROL_LENGTH);
    return parseInquiry(page);
  }

  /** Which paths there are through all ports, and how they stand. */
  async targetPortGroups(): Promise<TargetPortGroup[]> {
    const command = reportTargetPortGroups(GROUPS_LENGTH);
    const what = "REPORT TARGET PORT GROUPS";
    return parseTargetPortGroups(await this.fetch(what, command, GROUPS_LENGTH));
  }

  /** A vital product data page, header included. */
  vpd(page: number): Promise<Buffer> {
    return this.fetch("INQUIRY", cdb.inquiry(VPD_LENGTH, page), VPD_LENGTH);
  }

  /** Worldwide identity from VPD 83h. */
  async identity(): Promise<string> {
    const identity = unitIdentity(parseDesignators(await this.vpd(0x83)));
    if (!identity) throw new SystemError("rpc/bad-frame", "the logical unit has no identity");
    return identity;
  }

  async testUnitReady(): Promise<void> {
    await this.good("TEST UNIT READY", { cdb: cdb.testUnitReady() }, {});
  }

  /** LUNs of the target, those in single-level form. */
  async reportLuns(): Promise<number[]> {
    const list = await this.fetch("REPORT LUNS", cdb.reportLuns(VPD_LENGTH), VPD_LENGTH);
    const end = Math.min(list.length, 8 + (list.length < 8 ? 0 : list.readUInt32BE(0)));
    const luns: number[] = [];
    for (let at = 8; at + 8 <= end; at += 8) luns.push(list.readUInt16BE(at) & 0x3fff);
    return luns;
  }

  /** Runs a command with the retries of a host and returns whatever status it ends with. */
  async execute(command: Omit<ScsiCommand, "lun">): Promise<ScsiResult> {
    const deadlineMs = this.clock.nowMs() + this.retryBudgetMs;
    for (let retries = 0; ; ) {
      const result = await this.executor.execute({ ...command, lun: this.lun });
      const verdict = this.judge(command, result);
      if (verdict === "done" || this.clock.nowMs() >= deadlineMs) return result;
      if (verdict === "retry" && ++retries > RETRIES_MAX) return result;
      if (verdict === "pause") await this.pause(command.signal);
    }
  }

  private judge(
    { cdb: command }: Pick<ScsiCommand, "cdb">,
    { status, sense }: ScsiResult,
  ): Verdict {
    if (status === STATUS.good) return "done";
    if (status === STATUS.busy || status === STATUS.taskSetFull) {
      this.incidents.record("busy", this.name, `status ${status}`);
      return "pause";
    }
    if (status === STATUS.reservationConflict) {
      this.incidents.record("reservation-conflict", this.name, "RESERVATION CONFLICT");
      return "done";
    }
    if (sense?.key === SENSE_KEY.unitAttention) {
      this.incidents.record("unit-attention", this.name, formatSense(sense));
      return "retry";
    }
    const detail = sense ? formatSense(sense) : `status ${status}`;
    this.incidents.record("check-condition", this.name, detail);
    if (sense?.key === SENSE_KEY.notReady) return "pause";
    const aborted = sense?.key === SENSE_KEY.abortedCommand || status === STATUS.taskAborted;
    return aborted && command.readUInt8(0) !== COMPARE_AND_WRITE ? "retry" : "done";
  }

  private pause(signal: AbortSignal | undefined): Promise<void> {
    return sleep(this.clock, BUSY_PAUSE_MS, { signal: signal ?? new AbortController().signal });
  }

  private async good(
    what: string,
    command: Omit<ScsiCommand, "lun">,
    options: { readonly signal?: AbortSignal },
  ): Promise<ScsiResult> {
    const { signal } = options;
    const result = await this.execute(signal ? { ...command, signal } : command);
    if (result.status === STATUS.good) return result;
    throw statusError(what, result.status, result.sense);
  }

  private async fetch(what: string, command: Buffer, dataInLength: number): Promise<Buffer> {
    const { dataIn } = await this.good(what, { cdb: command, dataInLength }, {});
    return Buffer.concat(dataIn);
  }

  /** Takes transfer limits from VPD B0 where the page exists. */
  private async readLimits(): Promise<void> {
    const pages = await this.vpd(0x00);
    if (!pages.subarray(4).includes(0xb0)) return;
    const { transferMax, unmapMax, writeSameMax } = parseBlockLimits(await this.vpd(0xb0));
    const limit = (blocks: number, bound: number): number =>
      blocks === 0 ? bound : Math.min(bound, blocks * this.blockSize);
    this.transferMax = limit(transferMax, TRANSFER_MAX);
    this.unmapMax = limit(unmapMax, UNMAP_MAX);
    this.writeSameMax = limit(writeSameMax, WRITE_SAME_MAX);
  }

  private blocksOf(offset: number, length: number): { lba: number; blocks: number } {
    const aligned = offset % this.blockSize === 0 && length % this.blockSize === 0;
    if (!aligned) throw new SystemError("argument/invalid", "a range must be whole blocks");
    return { lba: offset / this.blockSize, blocks: length / this.blockSize };
  }

  private *split(
    offset: number,
    length: number,
    partMax: number,
  ): Generator<{ lba: number; blocks: number; at: number; length: number }> {
    for (let at = 0; at < length; at += partMax) {
      const part = Math.min(partMax, length - at);
      yield { ...this.blocksOf(offset + at, part), at, length: part };
    }
  }
}
