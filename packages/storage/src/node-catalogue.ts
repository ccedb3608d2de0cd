// The node's own durable state: which store it made on which disk. A disk whose store is known is
// never made anew, so a disk that went missing cannot come back empty under its old identity.
import { type DiskId, type StoreUuid, storeUuid } from "@ashlar/core";
import { Level } from "level";

const RECORD_VERSION = 1;

export interface DiskEntry {
  readonly storeUuid: StoreUuid;
  /** `creating` until the store was made: it may lie there half made. */
  readonly state: "creating" | "ready";
}

interface StoredEntry {
  readonly version: number;
  readonly storeUuid: string;
  readonly state: DiskEntry["state"];
}

/** The port, so that a simulated node needs no database. */
export interface NodeCatalogue {
  get(disk: DiskId): Promise<DiskEntry | undefined>;
  /** Durable when resolved. */
  put(disk: DiskId, entry: DiskEntry): Promise<void>;
  close(): Promise<void>;
}

/** The catalogue as a database in a folder of its own. */
export class LevelCatalogue implements NodeCatalogue {
  private readonly level: Level<string, StoredEntry>;

  private constructor(level: Level<string, StoredEntry>) {
    this.level = level;
  }

  static async open(folder: string): Promise<LevelCatalogue> {
    const level = new Level<string, StoredEntry>(folder, { valueEncoding: "json" });
    await level.open();
    return new LevelCatalogue(level);
  }

  async get(disk: DiskId): Promise<DiskEntry | undefined> {
    const stored = await this.level.get(keyOf(disk));
    return stored && { storeUuid: storeUuid(stored.storeUuid), state: stored.state };
  }

  async put(disk: DiskId, entry: DiskEntry): Promise<void> {
    await this.level.put(keyOf(disk), { version: RECORD_VERSION, ...entry }, { sync: true });
  }

  async close(): Promise<void> {
    await this.level.close();
  }
}

const keyOf = (disk: DiskId): string => `disk/${disk}`;
