// Replicas of one chunk played by hand: events in, effects out, nothing happens by itself. Tests of
// single rules read like the rule's own sentence.
import {
  CHECKSUM_UNIT,
  type ChunkId,
  chunkId,
  familyId,
  LSN_ZERO,
  type Lsn,
  type NodeId,
  nodeId,
  type StoreUuid,
  storeUuid,
  unitChecksums,
} from "@ashlar/core";
import type { ReplicaConfig, ReplicaEffect, ReplicaEvent } from "../events.ts";
import type { LogEntry } from "../log-entry.ts";
import type { MemberMessage, PrimaryMessage } from "../messages.ts";
import type { OperationWindow } from "../operation-windows.ts";
import type { Operation, OperationReply } from "../operations.ts";
import { Replica } from "../replica.ts";

export const CHUNK = chunkId(familyId(1), 0);
export const A: NodeId = nodeId("storage-1");
export const B: NodeId = nodeId("storage-2");
export const C: NodeId = nodeId("storage-3");
const STORES = new Map(
  [A, B, C].map((node, at) => [node, storeUuid(`00000000-0000-4000-8000-00000000000${at + 1}`)]),
);
export const storeOf = (node: NodeId): StoreUuid => STORES.get(node)!;
export const lsn = (epoch: number, seq: number): Lsn => ({ epoch, seq });

/** Version 1 of epoch 1, led by A in incarnation 1, unless said otherwise. */
export function configOf(
  isr: readonly NodeId[],
  part: Partial<ReplicaConfig> & { readonly learnerNodes?: readonly NodeId[] } = {},
): ReplicaConfig {
  const { learnerNodes = [], ...rest } = part;
  return {
    chunk: CHUNK,
    epoch: 1,
    version: 1,
    members: [A, B, C].map((node) => ({ node, storeUuid: storeOf(node) })),
    isr: isr.map(storeOf),
    learners: learnerNodes.map(storeOf),
    primary: { node: A, incarnation: 1 },
    ...rest,
  };
}

export function entryOf(at: Lsn, { seq = at.seq, offset = 0 } = {}): LogEntry {
  const data = [Buffer.alloc(CHECKSUM_UNIT, seq)];
  const opId = { incarnation: 9, seq };
  const checksums = unitChecksums(CHUNK, offset, data);
  const range = { offset, length: CHECKSUM_UNIT };
  return { kind: "write", lsn: at, opId, lowestUnresolvedSeq: 1, ...range, data, checksums };
}

type EffectOf<K extends ReplicaEffect["kind"]> = ReplicaEffect & { readonly kind: K };

export class ScriptedReplica {
  readonly node: NodeId;
  readonly chunk: ChunkId;
  freeBytes = 1 << 30;
  nowMs = 0;
  /** Undefined while a change of the volume is prepared. */
  openGeneration: number | undefined = 1;
  readonly replies: OperationReply[] = [];
  /** Of the last event. */
  effects: readonly ReplicaEffect[] = [];
  private readonly replica: Replica;
  private issued = 0;
  private seq = 0;

  constructor(
    node: NodeId,
    held: {
      readonly chunk?: ChunkId;
      readonly promised?: number;
      readonly commit?: Lsn;
      readonly uncommitted?: readonly LogEntry[];
      readonly resyncFrom?: Lsn;
      readonly windows?: readonly OperationWindow[];
      readonly isDeadGateway?: (incarnation: number) => boolean;
    } = {},
  ) {
    const { promised = 0, commit = LSN_ZERO, uncommitted = [], resyncFrom } = held;
    const { windows = [], isDeadGateway = () => false } = held;
    this.node = node;
    this.chunk = held.chunk ?? CHUNK;
    this.replica = new Replica({
      chunk: this.chunk,
      node,
      store: storeOf(node),
      chunkSize: 16 * 1024 * 1024,
      status: {
        chunk: this.chunk,
        promisedEpoch: promised,
        commit,
        tail: uncommitted.at(-1)?.lsn ?? commit,
        resyncFrom,
      },
      uncommitted,
      windows,
      isDeadGateway,
      freeBytes: () => this.freeBytes,
      nowMs: () => this.nowMs,
      openGeneration: () => this.openGeneration,
    });
    this.give({ kind: "identity", incarnation: 1 });
  }

  get view(): Replica["view"] {
    return this.replica.view;
  }

  give(event: ReplicaEvent): readonly ReplicaEffect[] {
    this.effects = this.replica.step(event);
    for (const effect of this.effects) {
      if ("ticket" in effect) this.issued = effect.ticket;
      if (effect.kind === "reply") effect.replyTo(effect.reply);
    }
    return this.effects;
  }

  /** The effects of one kind among the last event's. */
  all<K extends ReplicaEffect["kind"]>(kind: K): EffectOf<K>[] {
    return this.effects.filter((effect): effect is EffectOf<K> => effect.kind === kind);
  }

  /** Messages among the last effects, to members or to a primary. */
  get messages(): (PrimaryMessage | MemberMessage)[] {
    return [...this.all("send"), ...this.all("respond")].map(({ message }) => message);
  }

  sync(): readonly ReplicaEffect[] {
    return this.give({ kind: "journaled", upTo: this.issued });
  }

  /** Leads with the others promising at once; effects are those of becoming ACTIVE. */
  lead(config: ReplicaConfig, others: readonly NodeId[]): void {
    this.give({ kind: "config", config });
    this.sync();
    for (const from of others) {
      this.give({ kind: "linkUp", node: from });
      const [opened] = this.all("send");
      const { epoch, session } = opened!.message;
      const head = { chunk: this.chunk, epoch, session, store: storeOf(from) };
      const { tail } = this.view;
      const message = {
        ...head,
        kind: "promise",
        tail,
        commit: tail,
        uncommitted: [],
        resyncFrom: undefined,
      } as const;
      this.give({ kind: "fromMember", from, message });
    }
  }

  /** An answer of a member in its first session unless said otherwise. */
  hear(
    from: NodeId,
    message: { readonly kind: MemberMessage["kind"] } & Record<string, unknown>,
    { epoch = this.view.promisedEpoch, session = 1 } = {},
  ): void {
    const whole = { chunk: this.chunk, epoch, session, ...message } as unknown as MemberMessage;
    this.give({ kind: "fromMember", from, message: whole });
  }

  ack(from: NodeId, at: Lsn, session = 1, freeBytes = 1 << 30): void {
    this.hear(from, { kind: "appendAck", lsn: at, freeBytes }, { session });
  }

  follow(
    from: NodeId,
    message: { readonly kind: PrimaryMessage["kind"] } & Record<string, unknown>,
    { epoch = 1, session = 1 } = {},
  ): void {
    const whole = { chunk: this.chunk, epoch, session, ...message } as unknown as PrimaryMessage;
    this.give({ kind: "fromPrimary", from, message: whole });
  }

  /** A member that promised `epoch` to `from`. */
  promise(from: NodeId, epoch: number, session = 1): void {
    const log = { version: 1, tail: LSN_ZERO, commit: LSN_ZERO };
    this.follow(from, { kind: "newEpoch", store: storeOf(this.node), ...log }, { epoch, session });
    this.sync();
  }

  /** Gives an operation that may get its LSN for ever, unless told otherwise. */
  operate(part: Partial<Operation> = {}, deadlineMs = Number.POSITIVE_INFINITY): void {
    const seq = ++this.seq;
    const offset = part.offset ?? 0;
    const data = [Buffer.alloc(part.length ?? CHECKSUM_UNIT, seq)];
    const operation = {
      kind: "write",
      chunk: this.chunk,
      layer: 0,
      epoch: this.view.promisedEpoch,
      opId: { incarnation: 9, seq },
      lowestUnresolvedSeq: 1,
      token: 0,
      generation: 1,
      offset,
      length: CHECKSUM_UNIT,
      data,
      checksums: unitChecksums(this.chunk, offset, data),
      ...part,
    } as Operation;
    const replyTo = (reply: OperationReply): unknown => this.replies.push(reply);
    this.give({ kind: "operation", operation, deadlineMs, replyTo });
  }

  /** Cancels an operation by its seq; the answer is one of the replies. */
  cancel(seq: number, epoch = this.view.promisedEpoch): void {
    const cancellation = { chunk: CHUNK, epoch, opId: { incarnation: 9, seq } };
    const replyTo = (reply: OperationReply): unknown => this.replies.push(reply);
    this.give({ kind: "cancel", cancellation, replyTo });
  }

  get statuses(): string[] {
    return this.replies.map(({ status }) => status);
  }
}
