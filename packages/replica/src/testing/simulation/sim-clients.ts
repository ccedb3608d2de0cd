// Clients of a simulated chunk: each has one operation at a time, re-sends it under the same opId
// when it was refused or no answer came, and writes down what it saw. An operation whose window of
// opIds may have been lost (a node restarted or joined since it was sent) is given up: it may have
// taken effect or not. That exception goes when opIds are durable chunk state.
import { CHECKSUM_UNIT, EXTENT_SIZE, scatterJoin, unitChecksums } from "@ashlar/core";
import type { ReplicaConfig } from "../../events.ts";
import type { Operation, OperationReply, OperationStatusName } from "../../operations.ts";
import type { SimRequest } from "./sim-arrivals.ts";
import { isLinearizable, type SectorOperation } from "./sim-history.ts";
import type { SimRandom } from "./sim-random.ts";

export const SECTOR = 512;
const SECTORS_PER_UNIT = CHECKSUM_UNIT / SECTOR;
/** Units that clients use: few, so that operations meet, in two extents, so that copies matter. */
const UNITS = [0, 1, 2, 16, 17];
/** Clients use all of them in turn: one may have heard what another has not. */
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
  "staleToken",
  "badChecksum",
]);

interface Work {
  readonly operation: Operation;
  readonly sectors: readonly number[];
  readonly records: readonly SectorOperation[];
  readonly startedAt: number;
  /** Nodes that restarted or joined until it was first sent. */
  readonly disturbances: number;
}

interface SimClient {
  work: Work | undefined;
  /** Sent and neither answered nor given up. */
  waiting: boolean;
}

export interface SimClientsPorts {
  readonly random: SimRandom;
  readonly now: () => number;
  readonly config: () => ReplicaConfig;
  readonly disturbances: () => number;
  readonly send: (request: SimRequest) => void;
}

export class SimClients {
  acked = 0;
  reads = 0;
  private readonly ports: SimClientsPorts;
  private readonly clients: SimClient[];
  /** What each gateway goes by; behind until it is refused or hears of a newer configuration. */
  private readonly mirrors: ReplicaConfig[];
  private readonly history = new Map<number, SectorOperation[]>();
  private readonly lastSeen = new Map<number, number>();
  private seq = 0;

  constructor(ports: SimClientsPorts, count: number) {
    this.ports = ports;
    this.clients = Array.from({ length: count }, () => ({ work: undefined, waiting: false }));
    this.mirrors = Array.from({ length: GATEWAYS }, () => ports.config());
  }

  get areIdle(): boolean {
    return this.clients.every(({ work }) => !work);
  }

  /** One client begins something, or sends again; with `begin` false only what is open goes on. */
  act(begin: boolean): void {
    const { random } = this.ports;
    const client = random.pick(this.clients);
    if (!client.work && begin) client.work = this.next();
    if (!client.work) return;
    if (client.waiting && !random.chance(30)) return;
    const { operation, disturbances } = client.work;
    if (operation.kind !== "read" && disturbances !== this.ports.disturbances()) {
      client.work = undefined;
      client.waiting = false;
      return;
    }
    this.send(client, client.work);
  }

  /** Reads everything once, by one client, in one operation for each unit. */
  readAll(done: () => void): void {
    let left = UNITS.length;
    for (const unit of UNITS) {
      const work = this.read(unit * CHECKSUM_UNIT, CHECKSUM_UNIT);
      const client: SimClient = { work, waiting: false };
      const { operation } = work;
      const { epoch, primary } = this.ports.config();
      this.ports.send({
        operation: { ...operation, epoch },
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
    const gateway = random.below(this.mirrors.length);
    if (random.chance(5)) this.mirrors[gateway] = config();
    const { epoch, primary } = this.mirrors[gateway]!;
    this.ports.send({
      operation: { ...work.operation, epoch },
      to: primary.node,
      replyTo: (reply) => {
        if (reply.status !== "good") this.mirrors[gateway] = config();
        if (client.work === work) this.onReply(client, work, reply);
      },
      isOpen: () => client.work === work,
    });
  }

  private onReply(client: SimClient, work: Work, reply: OperationReply): void {
    client.waiting = false;
    if (reply.status === "good") this.finish(client, work, reply);
    else if (work.disturbances !== this.ports.disturbances()) client.work = undefined;
    else if (reply.status === "miscompare") {
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

  private next(): Work {
    const { random } = this.ports;
    const unit = random.pick(UNITS) * CHECKSUM_UNIT;
    switch (random.below(8)) {
      case 0:
      case 1:
        return this.read(unit, CHECKSUM_UNIT);
      case 2:
        return this.mutation("unmap", unit, CHECKSUM_UNIT);
      case 3:
        return this.mutation(
          "compareAndWrite",
          unit + SECTOR * random.below(SECTORS_PER_UNIT),
          SECTOR,
        );
      case 4:
      case 5:
        return this.mutation(
          "write",
          unit + SECTOR * random.below(SECTORS_PER_UNIT - 1),
          2 * SECTOR,
        );
      case 6:
        return this.mutation("write", 0, 2 * CHECKSUM_UNIT);
      default:
        return this.mutation("write", unit, CHECKSUM_UNIT);
    }
  }

  private head(offset: number, length: number) {
    const seq = ++this.seq;
    const { chunk, epoch } = this.ports.config();
    const opId = { incarnation: 1_000, seq };
    const unresolved = this.clients.flatMap(({ work }) => work?.operation.opId.seq ?? []);
    const lowestUnresolvedSeq = Math.min(seq, ...unresolved);
    return {
      chunk,
      layer: 0,
      epoch,
      opId,
      lowestUnresolvedSeq,
      token: 0,
      generation: 1,
      offset,
      length,
    };
  }

  private read(offset: number, length: number): Work {
    const operation: Operation = { ...this.head(offset, length), kind: "read" };
    return this.work(operation, []);
  }

  private mutation(kind: Exclude<Operation["kind"], "read">, offset: number, length: number): Work {
    const head = this.head(offset, length);
    const { seq } = head.opId;
    const expected = this.lastSeen.get(offset / SECTOR) ?? 0;
    const after = kind === "unmap" ? 0 : seq;
    const records = sectorsOf(head).map((sector) => {
      const kindOf = kind === "compareAndWrite" ? ("swap" as const) : ("write" as const);
      const record = { kind: kindOf, before: expected, after, start: this.ports.now() };
      return this.record(sector, { ...record, end: Number.POSITIVE_INFINITY });
    });
    if (kind === "unmap") return this.work({ ...head, kind }, records);
    const payload = stamped(seq, length);
    const data = kind === "write" ? [payload] : [stamped(expected, length), payload];
    return this.work({ ...head, kind, data, checksums: unitChecksums(offset, data) }, records);
  }

  private work(operation: Operation, records: readonly SectorOperation[]): Work {
    const startedAt = this.ports.now();
    const disturbances = this.ports.disturbances();
    return { operation, sectors: sectorsOf(operation), records, startedAt, disturbances };
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
