// The node's own durable state: which store it made on which disk, and how far each is verified. A disk whose
// store is known is never made anew, so a disk that went missing cannot come back empty under its old identity.
import { type DiskId, type StoreUuid, storeUuid } from "@ashlar/core";
import type { ScrubPass } from "@ashlar/rpc";
import { Level } from "level";

const RECORD_VERSION = 1;

export interface DiskEntry {
  readonly storeUuid: StoreUuid;
  /**
   * `creating` until the store was made: it may lie there half made. `retired` when it failed or was taken
   * out of use: another may be made in its place.
   */
  readonly state: "creating" | "ready" | "retired";
}

/** How far the copies of a store are verified. */
export interface ScrubEntry {
  /** Wall clock: when the next pass is due, if none is under way. */
  readonly dueMs: number;
  /** Chunks up to this one are done; 0 for none. */
  readonly doneUpTo: number;
  /** The newest. */
  readonly pass: ScrubPass | undefined;
}

interface StoredDisk {
  readonly version: number;
  readonly storeUuid: string;
  readonly state: DiskEntry["state"];
}
interface StoredScrub extends ScrubEntry {
  readonly version: number;
}

/** The port, so that a simulated node needs no database. */
export interface NodeCatalogue {
  get(disk: DiskId): Promise<DiskEntry | undefined>;
  /** Durable when resolved. */
  put(disk: DiskId, entry: DiskEntry): Promise<void>;
  getScrub(store: StoreUuid): Promise<ScrubEntry | undefined>;
  /** Kept by the system; a power cut may lose the newest. */
  putScrub(store: StoreUuid, entry: ScrubEntry): Promise<void>;
  close(): Promise<void>;
}

/** The catalogue as a database in a folder of its own. */
export class LevelCatalogue implements NodeCatalogue {
  private readonly level: Level<string, StoredDisk | StoredScrub>;

  private constructor(level: Level<string, StoredDisk | StoredScrub>) {
    this.level = level;
  }

  static async open(folder: string): Promise<LevelCatalogue> {
    const options = { valueEncoding: "json" };
    const level = new Level<string, StoredDisk | StoredScrub>(folder, options);
    await level.open();
    return new LevelCatalogue(level);
  }

  async get(disk: DiskId): Promise<DiskEntry | undefined> {
    const stored = (await this.level.get(`disk/${disk}`)) as StoredDisk | undefined;
    return stored && { storeUuid: storeUuid(stored.storeUuid), state: stored.state };
  }

  async put(disk: DiskId, entry: DiskEntry): Promise<void> {
    await this.level.put(`disk/${disk}`, { version: RECORD_VERSION, ...entry }, { sync: true });
  }

  async getScrub(store: StoreUuid): Promise<ScrubEntry | undefined> {
    const stored = (await this.level.get(`scrub/${store}`)) as StoredScrub | undefined;
    if (!stored) return undefined;
    const { version, ...entry } = stored;
    // Not worth a failure: the store is verified from its beginning.
    return version === RECORD_VERSION ? entry : undefined;
  }

  async putScrub(store: StoreUuid, entry: ScrubEntry): Promise<void> {
    await this.level.put(`scrub/${store}`, { version: RECORD_VERSION, ...entry });
  }

  async close(): Promise<void> {
    await this.level.close();
  }
}
