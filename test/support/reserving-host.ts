// A host that reserves a volume: one session through one gateway, and what it asks as a person would write it down.
// Of its own CDBs, so that a mistake made twice in one table would not go unseen.
import { scatterJoin } from "@ashlar/core";
import { openSession, parseIscsiUrl, type ScsiResult, type Session } from "@ashlar/initiator";

const UNIT = 4096;
const BLOCKS = 8;
const PATIENCE_MS = 60_000;
const UNIT_ATTENTION = 6;
const BUSY = 0x08;

export const GOOD = 0x00;
export const CONFLICT = 0x18;
export const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;

const NO_KEY = "0".repeat(16);

export interface HostOptions {
  /** Names the host: initiator name and ISID. */
  readonly name: string;
  /** Its reservation key, 16 hexadecimal digits. */
  readonly key: string;
  /** How long it waits for an answer before it aborts a command. */
  readonly patienceMs?: number;
}

/** What was reserved as READ RESERVATION tells it. */
export interface ReservationSeen {
  readonly key: string;
  readonly type: number;
}

export class ReservingHost {
  readonly key: string;
  /** The longest that a request on reservations took, BUSY and asking again included. */
  longestMs = 0;
  private readonly session: Session;
  private readonly lun: number;

  private constructor(session: Session, lun: number, key: string) {
    this.session = session;
    this.lun = lun;
    this.key = key;
  }

  /** The same name gives the same nexus through the same gateway. */
  static async login(
    url: string,
    { name, key, patienceMs = PATIENCE_MS }: HostOptions,
  ): Promise<ReservingHost> {
    const { portal, targetName, lun } = parseIscsiUrl(url);
    const initiatorName = `iqn.2026-11.io.ashlar.test:${name}`;
    const timers = { commandTimeoutMs: patienceMs, nopTimeoutMs: PATIENCE_MS };
    const options = { targetName, initiatorName, isid: "800000000001", ...timers };
    return new ReservingHost(await openSession(portal, options), lun, key);
  }

  register(): Promise<number> {
    return this.out(6, { newKey: this.key, flags: 1 });
  }

  unregister(): Promise<number> {
    return this.out(6, {});
  }

  reserve(type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY): Promise<number> {
    return this.out(1, { key: this.key, type });
  }

  release(type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY): Promise<number> {
    return this.out(2, { key: this.key, type });
  }

  preempt(victim: string, { abort = false } = {}): Promise<number> {
    const type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
    return this.out(abort ? 5 : 4, { key: this.key, newKey: victim, type });
  }

  clear(): Promise<number> {
    return this.out(3, { key: this.key });
  }

  async readKeys(): Promise<readonly string[]> {
    const data = await this.in(0);
    const keys = data.subarray(8, 8 + data.readUInt32BE(4)).toString("hex");
    return keys.match(/.{16}/g) ?? [];
  }

  async readReservation(): Promise<ReservationSeen | undefined> {
    const data = await this.in(1);
    if (data.readUInt32BE(4) === 0) return undefined;
    return { key: data.toString("hex", 8, 16), type: data.readUInt8(21) };
  }

  /** Fills the first unit. Resolves with the status. */
  async write(fill: number): Promise<number> {
    const dataOut = [Buffer.alloc(UNIT, fill)];
    return (await this.execute(Buffer.from("2a000000000000000800", "hex"), { dataOut })).status;
  }

  /** The first byte of the first unit, all of which holds the same. */
  async read(): Promise<number> {
    const cdb = Buffer.from("28000000000000000800", "hex");
    const { status, dataIn } = await this.execute(cdb, { dataInLength: BLOCKS * 512 });
    if (status !== GOOD) throw new Error(`READ ended with status ${status}`);
    const data = scatterJoin(dataIn);
    const first = data.readUInt8(0);
    if (!data.every((byte) => byte === first)) throw new Error("a torn unit");
    return first;
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.session.drop();
  }

  private async out(
    serviceAction: number,
    { key = NO_KEY, newKey = NO_KEY, type = 0, flags = 0 },
  ): Promise<number> {
    const list = Buffer.from(`${key}${newKey}0000000000000000`, "hex");
    list.writeUInt8(flags, 20);
    const cdb = Buffer.from([0x5f, serviceAction, type, 0, 0, 0, 0, 0, list.length, 0]);
    return (await this.timed(() => this.execute(cdb, { dataOut: [list] }))).status;
  }

  private async in(serviceAction: number): Promise<Buffer> {
    const cdb = Buffer.from([0x5e, serviceAction, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    const { status, dataIn } = await this.timed(() => this.execute(cdb, { dataInLength: 4096 }));
    if (status !== GOOD) throw new Error(`PERSISTENT RESERVE IN ended with status ${status}`);
    return scatterJoin(dataIn);
  }

  private async timed<T>(ask: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await ask();
    this.longestMs = Math.max(this.longestMs, performance.now() - beganMs);
    return result;
  }

  /** Once more after a unit attention, and as long as the target is busy. */
  private async execute(
    cdb: Buffer,
    data: { readonly dataOut?: Buffer[]; readonly dataInLength?: number },
  ): Promise<ScsiResult> {
    for (;;) {
      const result = await this.session.execute({ lun: this.lun, cdb, ...data });
      if (result.status !== BUSY && result.sense?.key !== UNIT_ATTENTION) return result;
    }
  }
}
