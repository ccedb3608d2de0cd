// The node's own durable state: which store it made on which disk, and how far each is verified. A disk whose
// store is known is never made anew, so one that is missing for a while is waited for, and not replaced by an
// empty one. It is one small file, written as a whole; when it is lost the stores tell who they are.
import { type DiskId, type StoreUuid, SystemError } from "@ashlar/core";
import type { ScrubPass } from "@ashlar/rpc";
import { type Disk, readSealed, writeSealed } from "@ashlar/runtime";
import type { MirrorEvents, MirrorWitness } from "@ashlar/store";

const NAME = "disks.json";
const VERSION = 1;

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

interface Document {
  readonly version: typeof VERSION;
  readonly disks: Readonly<Record<DiskId, DiskEntry>>;
  readonly scrubs: Readonly<Record<StoreUuid, ScrubEntry>>;
  /** Of stores that lie on two disks: which of them is out of date. */
  readonly mirrors?: Readonly<Record<StoreUuid, MirrorEvents>>;
}
const EMPTY: Document = { version: VERSION, disks: {}, scrubs: {} };

export class NodeCatalogue implements MirrorWitness {
  private readonly disk: Disk;
  private readonly path: string;
  private document: Document;
  private writing: Promise<void> = Promise.resolve();

  private constructor(disk: Disk, path: string, document: Document) {
    this.disk = disk;
    this.path = path;
    this.document = document;
  }

  /**
   * That of a folder, empty if there is none.
   * @throws SystemError disk/corrupt, disk/foreign: a newer version's.
   */
  static async open(disk: Disk, folder: string): Promise<NodeCatalogue> {
    await disk.makeFolder(folder);
    const path = `${folder}/${NAME}`;
    const found = (await readSealed(disk, path)) as Document | undefined;
    if (found && found.version !== VERSION) {
      throw new SystemError("disk/foreign", `${path} has format ${found.version}`, {
        path,
        hint: "it was written by a newer version: use that one",
      });
    }
    return new NodeCatalogue(disk, path, found ?? EMPTY);
  }

  /** In the place of one that is damaged: the former file is overwritten by the next change. */
  static empty(disk: Disk, folder: string): NodeCatalogue {
    return new NodeCatalogue(disk, `${folder}/${NAME}`, EMPTY);
  }

  get(disk: DiskId): DiskEntry | undefined {
    return this.document.disks[disk];
  }

  /** Durable when resolved. */
  async put(disk: DiskId, entry: DiskEntry): Promise<void> {
    await this.change((now) => ({ ...now, disks: { ...now.disks, [disk]: entry } }));
  }

  getScrub(store: StoreUuid): ScrubEntry | undefined {
    return this.document.scrubs[store];
  }

  /** Durable when resolved. */
  async putScrub(store: StoreUuid, entry: ScrubEntry): Promise<void> {
    await this.change((now) => ({ ...now, scrubs: { ...now.scrubs, [store]: entry } }));
  }

  eventsOf(store: StoreUuid): MirrorEvents | undefined {
    return this.document.mirrors?.[store];
  }

  /** Durable when resolved. */
  async record(store: StoreUuid, events: MirrorEvents): Promise<void> {
    await this.change((now) => ({ ...now, mirrors: { ...now.mirrors, [store]: events } }));
  }

  /** One after the other; one that fails changes nothing, also for those behind it. */
  private change(next: (now: Document) => Document): Promise<void> {
    const written = this.writing.then(async () => {
      const document = next(this.document);
      await writeSealed(this.disk, this.path, document);
      this.document = document;
    });
    this.writing = written.catch(() => {});
    return written;
  }
}
