// Creates a volume as a series of bounded commands, and takes back what did not come to its end.
import { CHUNKS_PER_COMMAND_MAX } from "@ashlar/catalog";
import { type FamilyId, toSystemError, type VolumeId, volumeId } from "@ashlar/core";
import type { CreateVolumeOptions } from "@ashlar/rpc";
import type { Clock, Log, Random } from "@ashlar/runtime";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

const BLOCK_SIZE_DEFAULT = 512;

export class VolumeCreation {
  private readonly replicatedLog: ReplicatedLog;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly log: Log;

  constructor(deps: {
    readonly replicatedLog: ReplicatedLog;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
  }) {
    this.replicatedLog = deps.replicatedLog;
    this.clock = deps.clock;
    this.random = deps.random;
    this.log = deps.log;
  }

  /** @throws SystemError volume/…, disk/no-space, the signal's reason: then there is no volume. */
  async create(
    { name, sizeBytes, replicas = 0, blockSize = BLOCK_SIZE_DEFAULT }: CreateVolumeOptions,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<VolumeId> {
    const { result } = await this.replicatedLog.propose({
      kind: "beginVolume",
      volume: volumeId(this.random.uuid()),
      name,
      sizeBytes,
      blockSize,
      replicas,
      createdAt: new Date(this.clock.wallMs()).toISOString(),
    });
    const { family, chunks } = accepted(result);
    try {
      for (let placed = 0; placed < chunks; ) {
        signal.throwIfAborted();
        const extend = { kind: "extendVolume", family, chunks: CHUNKS_PER_COMMAND_MAX } as const;
        placed = accepted((await this.replicatedLog.propose(extend)).result).placed;
      }
      const finished = await this.replicatedLog.propose({ kind: "finishVolume", family });
      return accepted(finished.result).volume;
    } catch (thrown) {
      await this.abort(family);
      throw thrown;
    }
  }

  /** Takes back what a creation left that ended with its metadata process. */
  async abortUnfinished(): Promise<void> {
    for (const { record } of this.replicatedLog.drafts) {
      this.log.info({ volume: record.name }, "unfinished volume is taken back");
      await this.abort(record.family);
    }
  }

  /** What cannot be taken back now (a full disk) is after the next start; nobody sees it. */
  private async abort(family: FamilyId): Promise<void> {
    try {
      await this.replicatedLog.propose({ kind: "abortVolume", family });
    } catch (thrown) {
      const error = toSystemError(thrown);
      this.log.warn({ family, code: error.code, error }, "unfinished volume stays for now");
    }
  }
}
