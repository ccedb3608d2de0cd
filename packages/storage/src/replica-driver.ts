// Joins one chunk's state machine to its store and to the network: one event at a time, effects in
// order, completions back as events. Completions of one group commit are given as one event, so that
// a batch of appends costs one step and one ack.
import {
  assertNever,
  type ChunkId,
  hasCode,
  type NodeId,
  type StoreUuid,
  SystemError,
} from "@ashlar/core";
import {
  type Answers,
  type ChunkStore,
  damagedUnitsOf,
  type JournalEffect,
  type LogEntry,
  type MemberMessage,
  type Notice,
  type PrimaryMessage,
  type Question,
  Replica,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaView,
  type SpaceClaims,
} from "@ashlar/replica";

export type AdmissionRequest = (ReplicaEffect & { readonly kind: "admit" })["request"];

/** A read or an append that hosts wait for, or may. */
export interface DiskWork {
  readonly store: StoreUuid;
  readonly bytes: number;
  readonly beganMs: number;
}

/** What a driver needs of its node. */
export interface DriverPorts {
  /** To a member, over the connection this node opened. */
  send(to: NodeId, message: PrimaryMessage): void;
  /** To a primary, over the connection it opened. */
  respond(to: NodeId, message: MemberMessage): void;
  /** Wants `linkUp` and `linkDown` of that node from now on. */
  link(driver: ReplicaDriver, node: NodeId): void;
  /** Wants a tick a few milliseconds from now. */
  wake(driver: ReplicaDriver): void;
  /** Completions are waiting: call `flush` at the end of this turn. */
  flushLater(driver: ReplicaDriver): void;
  admit(request: AdmissionRequest): void;
  requestResync(driver: ReplicaDriver, node: NodeId): void;
  releaseResync(driver: ReplicaDriver, node: NodeId): void;
  onNotice(chunk: ChunkId, notice: Notice): void;
  /** An entry is durable here that its primary may wait for; milliseconds. */
  onAppended(waitedMs: number): void;
  /** The disk has a read or an append of hosts to do. */
  onDiskBegun(work: DiskWork): void;
  onDiskEnded(work: DiskWork): void;
  /** A copied extent arrived or left, in bytes. */
  onCopied(bytes: number): void;
  onStoreError(driver: ReplicaDriver, error: SystemError): void;
}

export class ReplicaDriver {
  readonly chunk: ChunkId;
  readonly store: ChunkStore;
  /** The newest version of the configuration that a primary named which called this replica. */
  versionHeard = 0;
  private readonly ports: DriverPorts;
  private readonly replica: Replica;
  private readonly events: ReplicaEvent[] = [];
  private stepping = false;
  /** Tickets settled without a gap, and those beyond one. */
  private settledTicket = 0;
  private readonly settledBeyond = new Set<number>();
  private toldTicket = 0;
  /** Nobody waits for what it appends. */
  private isCaughtUp: boolean;
  private readonly nowMs: () => number;

  constructor(
    ports: DriverPorts,
    {
      chunk,
      store,
      chunkSize,
      claims,
      nowMs,
      openGeneration,
      isDeadGateway,
    }: {
      readonly chunk: ChunkId;
      readonly store: ChunkStore;
      readonly chunkSize: number;
      readonly claims: SpaceClaims;
      /** Monotonic. */
      readonly nowMs: () => number;
      readonly openGeneration: () => number | undefined;
      readonly isDeadGateway: (incarnation: number) => boolean;
    },
  ) {
    this.ports = ports;
    this.chunk = chunk;
    this.store = store;
    this.nowMs = nowMs;
    const status = store.status(chunk);
    this.isCaughtUp = status.resyncFrom === undefined;
    this.replica = new Replica({
      chunk,
      node: store.node,
      store: store.storeUuid,
      chunkSize,
      status,
      uncommitted: store.uncommitted(chunk),
      windows: store.windows(chunk),
      isDeadGateway,
      claims,
      openGeneration,
      freeBytes: () => Math.max(0, store.space().freeBytes),
      nowMs,
    });
  }

  get view(): ReplicaView {
    return this.replica.view;
  }

  step(event: ReplicaEvent): void {
    if (this.stepping) {
      this.events.push(event);
      return;
    }
    this.stepping = true;
    for (let next: ReplicaEvent | undefined = event; next; next = this.events.shift()) {
      for (const effect of this.replica.step(next)) this.execute(effect);
    }
    this.stepping = false;
  }

  /** Tells the machine what became durable since the last call. */
  flush(): void {
    if (this.settledTicket === this.toldTicket) return;
    this.toldTicket = this.settledTicket;
    this.step({ kind: "journaled", upTo: this.settledTicket });
  }

  private execute(effect: ReplicaEffect): void {
    const { ports } = this;
    switch (effect.kind) {
      case "commit":
        this.commit(effect);
        return;
      case "ask":
        this.ask(effect.token, effect.question);
        return;
      case "send":
        if (effect.message.kind === "copyExtent") this.count(effect.message.copy);
        ports.send(effect.to, effect.message);
        return;
      case "respond":
        ports.respond(effect.to, effect.message);
        return;
      case "reply":
        effect.replyTo(effect.reply);
        return;
      case "link":
        ports.link(this, effect.node);
        return;
      case "wake":
        ports.wake(this);
        return;
      case "admit":
        ports.admit(effect.request);
        return;
      case "requestResync":
        ports.requestResync(this, effect.node);
        return;
      case "releaseResync":
        ports.releaseResync(this, effect.node);
        return;
      case "checked":
        effect.report(effect.outcome);
        return;
      case "notice":
        ports.onNotice(this.chunk, effect.notice);
        return;
      default:
        this.journal(effect);
    }
  }

  private commit({ lsn }: ReplicaEffect & { readonly kind: "commit" }): void {
    try {
      this.store.commit(this.chunk, lsn);
    } catch (thrown) {
      this.onError(thrown);
    }
  }

  private journal(effect: JournalEffect): void {
    const { ticket } = effect;
    if (effect.kind === "applyCopy") this.count(effect.copy);
    if (effect.kind === "beginResync") this.isCaughtUp = false;
    if (effect.kind === "endResync") this.isCaughtUp = true;
    const work = effect.kind === "append" ? this.begun(bytesOf(effect.entry)) : undefined;
    const isWaitedFor = this.isCaughtUp;
    this.journaled(effect).then(
      () => {
        if (work) this.ports.onDiskEnded(work);
        if (work && isWaitedFor) this.ports.onAppended(this.nowMs() - work.beganMs);
        this.onSettled(ticket);
      },
      (thrown) => {
        if (work) this.ports.onDiskEnded(work);
        if (!hasCode(thrown, "disk/no-space")) {
          this.onError(thrown);
          return;
        }
        // A full disk ends nothing (P18): the machine decides what becomes of it.
        this.step({ kind: "refused", ticket });
        this.onSettled(ticket);
      },
    );
  }

  private journaled(effect: JournalEffect): Promise<void> {
    const { store, chunk } = this;
    switch (effect.kind) {
      case "append":
        return store.append(chunk, effect.entry);
      case "promise":
        return store.promise(chunk, effect.epoch);
      case "truncate":
        return store.truncate(chunk, effect.after);
      case "beginResync":
        return store.beginResync(chunk, effect.from);
      case "setBase":
        return store.setBase(chunk, effect.base, effect.windows);
      case "applyCopy":
        return store.applyCopy(chunk, effect.copy);
      case "endResync":
        return store.endResync(chunk);
      case "repairUnit":
        return store.repairUnit(chunk, effect.repair);
      default:
        return assertNever(effect);
    }
  }

  private onSettled(ticket: number): void {
    if (ticket !== this.settledTicket + 1) {
      this.settledBeyond.add(ticket);
      return;
    }
    this.settledTicket = ticket;
    while (this.settledBeyond.delete(this.settledTicket + 1)) this.settledTicket += 1;
    this.ports.flushLater(this);
  }

  private ask(token: number, question: Question): void {
    const work = question.kind === "read" ? this.begun(question.length) : undefined;
    this.answer(question).then(
      (answer) => {
        if (work) this.ports.onDiskEnded(work);
        this.step({ kind: "answered", token, answer });
      },
      (thrown) => {
        if (work) this.ports.onDiskEnded(work);
        if (thrown instanceof SystemError && thrown.code === "chunk/bad-checksum") {
          const damaged = damagedUnitsOf(thrown);
          this.step({ kind: "failed", token, failure: "badChecksum", damaged });
        } else {
          this.step({ kind: "failed", token, failure: "diskFailed", damaged: [] });
          this.onError(thrown);
        }
      },
    );
  }

  /** Asked in the turn of the effect: it sees all that was committed before it, and perhaps what came after. */
  private async answer(question: Question): Promise<Answers[keyof Answers]> {
    const { store, chunk } = this;
    switch (question.kind) {
      case "read":
        return store.read(chunk, question.offset, question.length);
      case "readExtent":
        return store.readExtent(chunk, question.extent);
      case "listExtents":
        return store.extentsNewerThan(chunk, question.after);
      case "digest":
        return store.digest(chunk);
      case "verify":
        return store.verify(chunk);
      default:
        return assertNever(question);
    }
  }

  private begun(bytes: number): DiskWork {
    const work = { store: this.store.storeUuid, bytes, beganMs: this.nowMs() };
    this.ports.onDiskBegun(work);
    return work;
  }

  private count({ data }: { readonly data: readonly Buffer[] | undefined }): void {
    for (const { length } of data ?? []) this.ports.onCopied(length);
  }

  /** An operating error ends this replica here; anything else is a bug and ends the process. */
  private onError(thrown: unknown): void {
    if (!(thrown instanceof SystemError)) throw thrown;
    this.step({ kind: "storeFailed" });
    this.ports.onStoreError(this, thrown);
  }
}

const bytesOf = ({ kind, length }: LogEntry): number => (kind === "write" ? length : 0);
