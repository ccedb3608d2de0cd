// Creates a volume as a series of bounded commands, and takes back what did not come to its end. The
// caller chose the volume's identity: when it asks again, here or of a later leader, the creation goes on
// where it stood.
import { CHUNKS_PER_COMMAND_MAX, type CommandKind, type Result } from "@ashlar/catalog";
import { type FamilyId, hasCode, toSystemError, type VolumeId } from "@ashlar/core";
import type { CreateVolumeOptions } from "@ashlar/rpc";
import type { Clock, Log } from "@ashlar/runtime";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

const BLOCK_SIZE_DEFAULT = 512;

/** No volume, made or in creation, has the family. */
const isGone = (result: Result<CommandKind>): boolean =>
  result.kind === "refused" && result.code === "catalog/refused";

export class VolumeCreation {
  private readonly replicatedLog: ReplicatedLog;
  private readonly clock: Clock;
  private readonly log: Log;
  /**
   * How many calls here want each volume made. Noted before anything is proposed: in the log, what an
   * earlier call takes back then stands before what a later one begins.
   */
  private readonly wanted = new Map<VolumeId, number>();

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
    options: CreateVolumeOptions,
    call: { readonly signal: AbortSignal },
  ): Promise<VolumeId> {
    const { volume } = options;
    this.wanted.set(volume, (this.wanted.get(volume) ?? 0) + 1);
    try {
      for (;;) {
        const made = await this.goOn(options, call);
        if (made !== undefined) return made;
      }
    } catch (thrown) {
      const draft = this.replicatedLog.drafts.find(({ record }) => record.volume === volume);
      const isLast = this.wanted.get(volume) === 1;
      // A leader that lost its place leaves the rest to the next one.
      if (draft && isLast && !hasCode(thrown, "raft/not-leader")) {
        await this.abort(draft.record.family);
      }
      throw thrown;
    } finally {
      const left = (this.wanted.get(volume) ?? 1) - 1;
      if (left > 0) this.wanted.set(volume, left);
      else this.wanted.delete(volume);
    }
  }

  /** Takes back what nobody goes on with: creations that ended with their leader or their caller. */
  async abortAbandoned(): Promise<void> {
    for (const { record } of this.replicatedLog.drafts) {
      if (this.wanted.has(record.volume)) continue;
      this.log.info({ volume: record.name }, "unfinished volume is taken back");
      await this.abort(record.family);
    }
  }

  /** Undefined when another call came to the end first, and the volume was deleted: to begin tells so. */
  private async goOn(
    {
      volume,
      name,
      sizeBytes,
      replicas = 0,
      blockSize = BLOCK_SIZE_DEFAULT,
      access = "any",
    }: CreateVolumeOptions,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<VolumeId | undefined> {
    const { replicatedLog } = this;
    const createdAt = new Date(this.clock.wallMs()).toISOString();
    const shape = { volume, name, sizeBytes, blockSize, replicas, createdAt, access };
    const begun = await replicatedLog.propose({ kind: "beginVolume", ...shape });
    const { family, chunks } = accepted(begun.result);
    const extend = { kind: "extendVolume", family, chunks: CHUNKS_PER_COMMAND_MAX } as const;
    for (let placed = 0; placed < chunks; ) {
      signal.throwIfAborted();
      const { result } = await replicatedLog.propose(extend);
      if (isGone(result)) return undefined;
      placed = accepted(result).placed;
    }
    const { result } = await replicatedLog.propose({ kind: "finishVolume", family });
    return isGone(result) ? undefined : accepted(result).volume;
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
