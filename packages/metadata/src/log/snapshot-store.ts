// The newest snapshot of a member, in one file. Written beside and renamed, so that there is always
// one that is whole.
//
//   head, u32 crc of the rest, snapshot
import { crc32c } from "@ashlar/core";
import { type Index, type LogSnapshot, snapshotCodec } from "@ashlar/raft";
import { type Disk, readWholeFile, writeWholeFile } from "@ashlar/runtime";
import { damaged, decoded, encodeFileHead, type LogOwner, readFileHead } from "./file-head.ts";

const SNAPSHOT_NAME = "snapshot";
const SUM_LENGTH = 4;
const NOTHING_OF_ITS_OWN = new Uint8Array(0);

export class SnapshotStore {
  private readonly disk: Disk;
  private readonly owner: LogOwner;
  private readonly path: string;
  private newestIndex: Index = 0;
  /** Ends when the last save that was asked for has. */
  private saving: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, { folder, owner }: { folder: string; owner: LogOwner }) {
    this.disk = disk;
    this.owner = owner;
    this.path = `${folder}/${SNAPSHOT_NAME}`;
  }

  /** @throws SystemError disk/corrupt (what was renamed into place was whole), disk/foreign. */
  async load(): Promise<LogSnapshot | undefined> {
    const { path, owner } = this;
    if (!(await this.disk.exists(path))) return undefined;
    const found = await readWholeFile(this.disk, path);
    const { length } = readFileHead(found, { path, kind: "snapshot", owner });
    const rest = found.subarray(length + SUM_LENGTH);
    if (found.length < length + SUM_LENGTH || crc32c(rest) !== found.readUInt32LE(length)) {
      throw damaged(path, length);
    }
    const snapshot = decoded(path, () => snapshotCodec.decode(rest));
    this.newestIndex = snapshot.index;
    return snapshot;
  }

  /** Durable when resolved, unless a newer one is there. One after the other, in the order of calls. */
  save(snapshot: LogSnapshot): Promise<void> {
    const saved = this.saving.then(() => this.saveNext(snapshot));
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  /** When what was asked for is done. */
  async settled(): Promise<void> {
    await this.saving;
  }

  private async saveNext(snapshot: LogSnapshot): Promise<void> {
    if (snapshot.index < this.newestIndex) return;
    const rest = snapshotCodec.encode(snapshot);
    const sum = Buffer.alloc(SUM_LENGTH);
    sum.writeUInt32LE(crc32c(rest));
    const head = encodeFileHead("snapshot", this.owner, NOTHING_OF_ITS_OWN);
    await writeWholeFile(this.disk, this.path, [head, sum, rest]);
    this.newestIndex = snapshot.index;
  }
}
