// Clients of a simulated chunk: each has one operation at a time, re-sends it under the same opId when
// it was refused or no answer came, whatever restarted, was replaced or joined meanwhile, and writes
// down what it saw. Only when the gateway that gave the opId is dead is an operation given up: it may
// have taken effect or not, and copies of it may still be on their way.
import { CHECKSUM_UNIT, EXTENT_SIZE, scatterJoin, unitChecksums } from "@ashlar/core";
import type { ReplicaConfig } from "../../events.ts";
import type { OpId } from "../../log-entry.ts";
import type { Operation, OperationReply, OperationStatusName } from "../../operations.ts";
import type { SimRequest } from "./sim-arrivals.ts";
import { isLinearizable, type SectorOperation } from "./sim-history.ts";
import type { SimRandom } from "./sim-random.ts";

export const SECTOR = 512;
const SECTORS_PER_UNIT = CHECKSUM_UNIT / SECTOR;
/** Units that clients use: few, so that operations meet, in two extents, so that copies matter. */
const UNITS = [0, 1, 2, 16, 17];
/** One may have heard what another has not. */
const GATEWAYS = 2;
export const SIM_CHUNK_SIZE: number = 2 * EXTENT_SIZE;

/**
 * What is sent again. Damaged is what came, or a unit while who has its bytes is away: the client asks
 * again until it is back (P14).
 */
const RETRIED: ReadonlySet<OperationStatusName> = new Set([
  "staleEpoch",
  "notPrimary",
  "notActive",
  "busy",
  "staleGeneration",
  "staleToken",
  "badChecksum",
]);

type MutationKind = Exclude<Operation["kind"], "read">;

const RECORDED_AS: Readonly<Record<MutationKind, SectorOperation["kind"]>> = {
  write: "write",
  unmap: "write",
  orWrite: "or",
  compareAndWrite: "swap",
};

type Head = Omit<Operation & { readonly kind: "unmap" }, "kind">;

interface Work {
  readonly operation: Operation;
  readonly sectors: readonly number[];
  readonly records: readonly SectorOperation[];
  readonly startedAt: number;
  /** Nobody waits for it any more: its gateway is dead. */
  abandoned: boolean;
  /** Times it was sent: only the answer to the last one counts, as in a gateway. */
  attempts: number;
}

interface SimClient {
  readonly gateway: number;
  work: Work | undefined;
  /** Sent and neither answered nor given up. */
  waiting: boolean;
}

export interface SimClientsPorts {
  readonly random: SimRandom;
  readonly now: () => number;
  readonly config: () => ReplicaConfig;
  /** A gateway registers, in place of `former`: its incarnation. */
  readonly register: (former?: number) => number;
  /** Of the volume, as the catalog had it with a version of the configuration. */
  readonly generationAt: (version: number) => number;
  readonly send: (request: SimRequest) => void;
}

export class SimClients {
  acked = 0;
  reads = 0;
  /** Operations refused since their gateway was dead. */
  refusedAsDead = 0;
  private readonly ports: SimClientsPorts;
  private readonly clients: SimClient[];
  /** What each gateway goes by; behind until it is refused or hears of a newer configuration. */
  private readonly mirrors: ReplicaConfig[];
  private readonly incarnations: number[];
  private readonly history = new Map<number, SectorOperation[]>();
  private readonly lastSeen = new Map<number, number>();
  private seq = 0;

  constructor(ports: SimClientsPorts, count: number) {
    this.ports = ports;
    this.clients = Array.from({ length: count }, (_, at) => ({
      gateway: at % GATEWAYS,
      work: undefined,
      waiting: false,
    }));
    this.incarnations = Array.from({ length: GATEWAYS }, () => ports.register());
    this.mirrors = Array.from({ length: GATEWAYS }, () => ports.config());
  }

  get areIdle(): boolean {
    return this.clients.every(({ work }) => !work);
  }

  /** One client begins something, or sends again; with `begin` false only what is open goes on. */
  act(begin: boolean): void {
    const { random } = this.ports;
    const client = random.pick(this.clients);
    if (!client.work && begin) client.work = this.next(client);
    if (!client.work) return;
    if (client.waiting && !random.chance(30)) return;
    this.send(client, client.work);
  }

  /**
   * A gateway is declared dead. Its process died, and its operations with it, or it was only silent:
   * then they are sent again under their opIds until a primary refuses that.
   */
  replaceGateway(): void {
    const { random } = this.ports;
    const gateway = random.below(GATEWAYS);
    this.incarnations[gateway] = this.ports.register(this.incarnations[gateway]);
    if (random.chance(50)) return;
    for (const client of this.clients) if (client.gateway === gateway) this.giveUp(client);
  }

  /** Reads everything once, by one client, in one operation for each unit. */
  readAll(done: () => void): void {
    let left = UNITS.length;
    for (const unit of UNITS) {
      const work = this.read(unit * CHECKSUM_UNIT, CHECKSUM_UNIT, 0);
      const client: SimClient = { gateway: 0, work, waiting: false };
      const { operation } = work;
      const { epoch, primary, version } = this.ports.config();
      const generation = this.ports.generationAt(version);
      this.ports.send({
        operation: { ...operation, epoch, generation },
        to: primary.node,
        replyTo: (reply) => {
          if (reply.status !== "good") throw new Error(`final read: ${reply.status}`);
          this.finish(client, work, reply);
          left -= 1;
          if (left === 0) done();
        },
        isOpen: () => true,
      });
    }
  }

  /** The first sector whose history has no explanation. */
  findInexplicable():
    | { readonly sector: number; readonly history: readonly SectorOperation[] }
    | undefined {
    for (const [sector, history] of this.history) {
      if (!isLinearizable(history)) return { sector, history };
    }
    return undefined;
  }

  private send(client: SimClient, work: Work): void {
    client.waiting = true;
    const { random, config } = this.ports;
    const { gateway } = client;
    work.attempts += 1;
    const attempt = work.attempts;
    if (random.chance(5)) this.mirrors[gateway] = config();
    const { epoch, primary, version } = this.mirrors[gateway]!;
    const generation = this.ports.generationAt(version);
    const lowestUnresolvedSeq = this.lowestUnresolved(work.operation.opId);
    this.ports.send({
      operation: { ...work.operation, epoch, generation, lowestUnresolvedSeq },
      to: primary.node,
      replyTo: (reply) => {
        if (reply.status !== "good") this.mirrors[gateway] = config();
        if (client.work === work && work.attempts === attempt) this.onReply(client, work, reply);
      },
      isOpen: () => client.work === work || work.abandoned,
    });
  }

  private giveUp(client: SimClient): void {
    if (client.work) client.work.abandoned = true;
    client.work = undefined;
    client.waiting = false;
  }

  private onReply(client: SimClient, work: Work, reply: OperationReply): void {
    client.waiting = false;
    if (reply.status === "good") this.finish(client, work, reply);
    else if (reply.status === "staleIncarnation") {
      const { incarnation } = work.operation.opId;
      if (this.incarnations[client.gateway] === incarnation) {
        throw new Error(`gateway incarnation ${incarnation} lives and was refused as dead`);
      }
      this.refusedAsDead += 1;
      this.giveUp(client);
    } else if (reply.status === "miscompare") {
      for (const [at, sector] of work.sectors.entries()) {
        const history = this.history.get(sector)!;
        const record = work.records[at]!;
        const end = this.ports.now();
        history.splice(history.indexOf(record), 1, { ...record, kind: "miscompare", end });
      }
      client.work = undefined;
    } else if (!RETRIED.has(reply.status)) {
      throw new Error(`unexpected status ${reply.status} of ${work.operation.kind}`);
    }
  }

  private finish(client: SimClient, work: Work, reply: OperationReply): void {
    const { operation, sectors, records } = work;
    client.work = undefined;
    if (operation.kind !== "read") {
      this.acked += 1;
      for (const record of records) record.end = this.ports.now();
      return;
    }
    this.reads += 1;
    const data = scatterJoin(reply.data);
    for (const [at, sector] of sectors.entries()) {
      const value = data.readUInt32LE(at * SECTOR);
      if (value !== data.readUInt32LE((at + 1) * SECTOR - 4)) throw new Error("P13: torn sector");
      this.lastSeen.set(sector, value);
      const read = { kind: "read" as const, before: value, after: value };
      this.record(sector, { ...read, start: work.startedAt, end: this.ports.now() });
    }
  }

  private next({ gateway }: SimClient): Work {
    const { random } = this.ports;
    const unit = random.pick(UNITS) * CHECKSUM_UNIT;
    switch (random.below(8)) {
      case 0:
      case 1:
        return this.read(unit, CHECKSUM_UNIT, gateway);
      case 2:
        return this.mutation("unmap", this.head(unit, CHECKSUM_UNIT, gateway));
      case 3: {
        const offset = unit + SECTOR * random.below(SECTORS_PER_UNIT);
        return this.mutation("compareAndWrite", this.head(offset, SECTOR, gateway));
      }
      case 4: {
        const offset = unit + SECTOR * random.below(SECTORS_PER_UNIT - 1);
        return this.mutation("write", this.head(offset, 2 * SECTOR, gateway));
      }
      case 5: {
        const offset = unit + SECTOR * random.below(SECTORS_PER_UNIT - 1);
        return this.mutation("orWrite", this.head(offset, 2 * SECTOR, gateway));
      }
      case 6:
        return this.mutation("write", this.head(0, 2 * CHECKSUM_UNIT, gateway));
      default:
        return this.mutation("write", this.head(unit, CHECKSUM_UNIT, gateway));
    }
  }

  private head(offset: number, length: number, gateway: number): Head {
    const seq = ++this.seq;
    const { chunk, epoch } = this.ports.config();
    const opId = { incarnation: this.incarnations[gateway]!, seq };
    const fixed = { chunk, layer: 0, epoch, token: 0, generation: 1 };
    return { ...fixed, opId, lowestUnresolvedSeq: seq, offset, length };
  }

  private lowestUnresolved({ incarnation, seq }: OpId): number {
    const unresolved = this.clients
      .flatMap(({ work }) => work?.operation.opId ?? [])
      .filter((opId) => opId.incarnation === incarnation);
    return Math.min(seq, ...unresolved.map((opId) => opId.seq));
  }

  private read(offset: number, length: number, gateway: number): Work {
    return this.work({ ...this.head(offset, length, gateway), kind: "read" }, []);
  }

  private mutation(kind: MutationKind, head: Head): Work {
    const { offset, length } = head;
    const { seq } = head.opId;
    const expected = this.lastSeen.get(offset / SECTOR) ?? 0;
    const after = kind === "unmap" ? 0 : seq;
    const records = sectorsOf(head).map((sector) => {
      const record = { kind: RECORDED_AS[kind], before: expected, after, start: this.ports.now() };
      return this.record(sector, { ...record, end: Number.POSITIVE_INFINITY });
    });
    if (kind === "unmap") return this.work({ ...head, kind }, records);
    const payload = stamped(seq, length);
    const data = kind === "compareAndWrite" ? [stamped(expected, length), payload] : [payload];
    return this.work(
      { ...head, kind, data, checksums: unitChecksums(head.chunk, offset, data) },
      records,
    );
  }

  private work(operation: Operation, records: readonly SectorOperation[]): Work {
    const startedAt = this.ports.now();
    return {
      operation,
      sectors: sectorsOf(operation),
      records,
      startedAt,
      abandoned: false,
      attempts: 0,
    };
  }

  private record(sector: number, record: SectorOperation): SectorOperation {
    const history = this.history.get(sector) ?? [];
    this.history.set(sector, history);
    history.push(record);
    return record;
  }
}

function sectorsOf({ offset, length }: { offset: number; length: number }): number[] {
  return Array.from({ length: length / SECTOR }, (_, at) => offset / SECTOR + at);
}

function stamped(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    bytes.writeUInt32LE(value, at);
    bytes.writeUInt32LE(value, at + SECTOR - 4);
  }
  return bytes;
}
