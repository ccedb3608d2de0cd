// What must hold at every step of a simulation, over all nodes.
import { crc32cOfScatter, formatLsn, type Lsn, type NodeId, sameLsn } from "@ashlar/core";
import type { LogEntry, OpId } from "../../log-entry.ts";

export class SimCheckers {
  /** Latest epoch that became ACTIVE. */
  activeEpoch = 0;
  private readonly activeIn = new Map<number, NodeId>();
  private readonly entries = new Map<string, string>();
  private readonly committed = new Map<number, string>();
  /** LSN of each committed operation. */
  private readonly operations = new Map<string, Lsn>();

  /** Latest deadline that a node was given with an operation, and where each was logged first. */
  private readonly deadlines = new Map<string, number>();

  onGiven(node: NodeId, seq: number, deadlineMs: number): void {
    const key = `${node} ${seq}`;
    this.deadlines.set(key, Math.max(deadlineMs, this.deadlines.get(key) ?? 0));
  }

  /** P9: an operation gets its LSN before its deadline, or none. */
  onAssigned(node: NodeId, { lsn, opId }: LogEntry, nowMs: number): void {
    const deadlineMs = this.deadlines.get(`${node} ${opId.seq}`) ?? 0;
    if (nowMs <= deadlineMs) return;
    throw new Error(`P9: ${formatLsn(lsn)} is assigned ${nowMs - deadlineMs} ms too late`);
  }

  /** Newest generation that each operation was given under, by its seq. */
  private readonly generations = new Map<number, number>();
  /** What was closed when an entry got its LSN. */
  private readonly closedAt = new Map<string, number>();
  /** A change was answered: nothing of this generation may take effect any more. */
  closedGeneration = 0;

  onGivenUnder(generation: number, seq: number): void {
    this.generations.set(seq, Math.max(generation, this.generations.get(seq) ?? 0));
  }

  /** P11: what is committed got its LSN before its generation was closed. */
  onCommittedEntry({ lsn, opId }: LogEntry): void {
    const generation = this.generations.get(opId.seq);
    const closed = this.closedAt.get(formatLsn(lsn)) ?? 0;
    if (generation === undefined || generation > closed) return;
    throw new Error(
      `P11: ${formatLsn(lsn)} of generation ${generation} came after ${closed} ended`,
    );
  }

  /** P11: a read that arrived after its generation was closed is not told. */
  onToldUnder(generation: number, closedAtArrival: number): void {
    if (generation > closedAtArrival) return;
    throw new Error(`P11: generation ${generation} read after ${closedAtArrival} was closed`);
  }

  /** P3: at most one ACTIVE replica in an epoch. */
  onActive(node: NodeId, epoch: number): void {
    const other = this.activeIn.get(epoch);
    if (other) throw new Error(`P3: ${other} and ${node} are ACTIVE in epoch ${epoch}`);
    this.activeIn.set(epoch, node);
    this.activeEpoch = Math.max(this.activeEpoch, epoch);
  }

  /** P3: a request that arrived when a later epoch was ACTIVE is not answered with state. */
  onRevealed(epoch: number, activeAtArrival: number): void {
    if (epoch >= activeAtArrival) return;
    throw new Error(`P3: epoch ${epoch} answered what arrived in epoch ${activeAtArrival}`);
  }

  /** P5: equal LSN means byte-identical. */
  onAppend(entry: LogEntry): void {
    const key = formatLsn(entry.lsn);
    const sum = entry.kind === "write" ? crc32cOfScatter(entry.data) : 0;
    const text = `${entry.kind} ${entry.offset}+${entry.length} ${sum} ${keyOf(entry.opId)}`;
    const known = this.entries.get(key) ?? text;
    if (known !== text) throw new Error(`P5: ${key} is "${known}" and "${text}"`);
    this.entries.set(key, text);
    if (!this.closedAt.has(key)) this.closedAt.set(key, this.closedGeneration);
  }

  /** Epoch of the entry of an operation, once it is committed. */
  committedIn(opId: OpId): number | undefined {
    return this.operations.get(keyOf(opId))?.epoch;
  }

  /** P4: one committed log. P10: no operation stands in it twice. */
  onCommit(node: NodeId, { lsn, opId }: LogEntry): void {
    const before = this.operations.get(keyOf(opId)) ?? lsn;
    if (!sameLsn(before, lsn)) {
      const where = `${formatLsn(before)} and ${formatLsn(lsn)}`;
      throw new Error(`P10: operation ${keyOf(opId)} took effect at ${where}`);
    }
    this.operations.set(keyOf(opId), lsn);
    const known = this.committed.get(lsn.seq) ?? formatLsn(lsn);
    if (known !== formatLsn(lsn)) {
      throw new Error(`P4: ${node} commits ${formatLsn(lsn)}, known is ${known}`);
    }
    this.committed.set(lsn.seq, known);
  }
}

const keyOf = ({ incarnation, seq }: OpId): string => `${incarnation}.${seq}`;
