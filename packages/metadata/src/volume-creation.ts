// Creates a volume as a series of bounded commands, and takes back what did not come to its end. The
// caller chose the volume's identity: when it asks again, here or of a later leader, the creation goes on
// where it stood.
import { CHUNKS_PER_COMMAND_MAX } from "@ashlar/catalog";
import { type FamilyId, hasCode, toSystemError, type VolumeId } from "@ashlar/core";
import type { CreateVolumeOptions } from "@ashlar/rpc";
import type { Clock, Log } from "@ashlar/runtime";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

const BLOCK_SIZE_DEFAULT = 512;

export class VolumeCreation {
  private readonly replicatedLog: ReplicatedLog;
  private readonly clock: Clock;
  private readonly log: Log;
  /** Creations that run here now. */
  private readonly active = new Map<FamilyId, number>();

  constructor(deps: {
    readonly replicatedLog: ReplicatedLog;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.replicatedLog = deps.replicatedLog;
    this.clock = deps.clock;
    this.log = deps.log;
  }

  /**
   * @throws SystemError volume/…, disk/no-space, the signal's reason: then there is no volume, unless
   * the same is asked for again before what is left of it is taken back.
   */
  async create(
    { volume, name, sizeBytes, replicas = 0, blockSize = BLOCK_SIZE_DEFAULT }: CreateVolumeOptions,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<VolumeId> {
    const { result } = await this.replicatedLog.propose({
      kind: "beginVolume",
      volume,
      name,
      sizeBytes,
      blockSize,
      replicas,
      createdAt: new Date(this.clock.wallMs()).toISOString(),
    });
    const { family, chunks } = accepted(result);
    this.active.set(family, (this.active.get(family) ?? 0) + 1);
    try {
      for (let placed = 0; placed < chunks; ) {
        signal.throwIfAborted();
        const extend = { kind: "extendVolume", family, chunks: CHUNKS_PER_COMMAND_MAX } as const;
        placed = accepted((await this.replicatedLog.propose(extend)).result).placed;
      }
      const finished = await this.replicatedLog.propose({ kind: "finishVolume", family });
      return accepted(finished.result).volume;
    } catch (thrown) {
      // A leader that lost its place leaves the rest to the next one.
      if (!hasCode(thrown, "raft/not-leader") && this.active.get(family) === 1) {
        await this.abort(family);
      }
      throw thrown;
    } finally {
      const left = (this.active.get(family) ?? 1) - 1;
      if (left > 0) this.active.set(family, left);
      else this.active.delete(family);
    }
  }

  /** Takes back what nobody goes on with: creations that ended with their leader or their caller. */
  async abortAbandoned(): Promise<void> {
    for (const { record } of this.replicatedLog.drafts) {
      if (this.active.has(record.family)) continue;
      this.log.info({ volume: record.name }, "unfinished volume is taken back");
      await this.abort(record.family);
    }
  }

  /** What cannot be taken back now (a full disk) is later, by this leader or the next; nobody sees it. */
  private async abort(family: FamilyId): Promise<void> {
    try {
      await this.replicatedLog.propose({ kind: "abortVolume", family });
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.warn({ family, code: error.code, error }, "unfinished volume stays for now");
    }
  }
}
