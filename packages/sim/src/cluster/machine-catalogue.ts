// A storage node's catalogue on a simulated disk: one small file, written beside and renamed into place,
// where the real one is a database that promises the same.
import type { DiskId, StoreUuid } from "@ashlar/core";
import type { Disk } from "@ashlar/runtime";
import type { DiskEntry, NodeCatalogue, ScrubEntry } from "@ashlar/storage";

const FILE = "entries.json";

export class MachineCatalogue implements NodeCatalogue {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly entries: Map<string, DiskEntry>;
  /** Not durable: a pass begins anew with each life. */
  private readonly scrubs = new Map<StoreUuid, ScrubEntry>();

  private constructor(disk: Disk, folder: string, entries: readonly [string, DiskEntry][]) {
    this.disk = disk;
    this.folder = folder;
    this.entries = new Map(entries);
  }

  static async open(disk: Disk, folder: string): Promise<MachineCatalogue> {
    await disk.makeFolder(folder);
    const path = `${folder}/${FILE}`;
    if (!(await disk.exists(path))) return new MachineCatalogue(disk, folder, []);
    const file = await disk.open(path, { mode: "open" });
    const text = Buffer.alloc(await file.sizeBytes());
    await file.read(0, text);
    await file.close();
    return new MachineCatalogue(disk, folder, JSON.parse(text.toString()));
  }

  async get(disk: DiskId): Promise<DiskEntry | undefined> {
    return this.entries.get(disk);
  }

  async put(disk: DiskId, entry: DiskEntry): Promise<void> {
    this.entries.set(disk, entry);
    const part = `${this.folder}/${FILE}.part`;
    await this.disk.remove(part);
    const file = await this.disk.open(part, { mode: "create" });
    await file.write(0, [Buffer.from(JSON.stringify([...this.entries]))]);
    await file.datasync();
    await file.close();
    await this.disk.rename(part, `${this.folder}/${FILE}`);
  }

  async getScrub(store: StoreUuid): Promise<ScrubEntry | undefined> {
    return this.scrubs.get(store);
  }

  async putScrub(store: StoreUuid, entry: ScrubEntry): Promise<void> {
    this.scrubs.set(store, entry);
  }

  async close(): Promise<void> {}
}
