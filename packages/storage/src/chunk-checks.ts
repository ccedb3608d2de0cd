// The storage service: compares the replicas of chunks this node leads, one after the other, so that
// a check is a light load. A chunk nobody ever wrote is equal everywhere without being asked for.
import type { CatalogView } from "@ashlar/catalog";
import { type ChunkId, LSN_ZERO, type NodeId, SystemError, sameLsn } from "@ashlar/core";
import type { CheckOutcome } from "@ashlar/replica";
import type { ChunkCheck, StorageService } from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { DiskSet } from "./disk-set.ts";
import type { ReplicaMap } from "./replica-map.ts";

/** A chunk that is not active is asked again: it activates on demand, within milliseconds. */
const TRIES_MAX = 100;
const PAUSE_MS = 20;

export interface ChunkChecksDeps {
  readonly node: NodeId;
  readonly view: CatalogView;
  readonly disks: Pick<DiskSet, "all" | "get">;
  readonly replicas: ReplicaMap;
  readonly clock: Clock;
}

export class ChunkChecks implements Pick<StorageService, "checkChunks"> {
  private readonly deps: ChunkChecksDeps;

  constructor(deps: ChunkChecksDeps) {
    this.deps = deps;
  }

  async checkChunks(
    chunks: readonly ChunkId[],
    send: (check: ChunkCheck) => Promise<void>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    for (const chunk of chunks) {
      signal.throwIfAborted();
      await send(await this.check(chunk, { deep: true, signal }));
    }
  }

  /** A chunk this node leads; `deep` to have all copies read back, verified and repaired. */
  async check(
    chunk: ChunkId,
    { deep, signal }: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<ChunkCheck> {
    const { node, view, disks, replicas, clock } = this.deps;
    const none = { chunk, replicas: 0, different: 0, damagedUnits: 0 };
    for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
      const config = view.chunk(chunk);
      if (config?.primary.node !== node) return { ...none, error: "chunk/not-primary" };
      const own = config.members.find((member) => member.node === node);
      const disk = own && disks.get(own.storeUuid);
      if (!disk || disk.failed) return { ...none, error: "disk/failed" };
      const isMine = config.isr.includes(disk.store.storeUuid);
      if (isMine && sameLsn(disk.store.status(chunk).tail, LSN_ZERO)) {
        return { ...none, replicas: config.isr.length, error: undefined };
      }
      const outcome = await new Promise<CheckOutcome>((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        replicas.check(chunk, { deep }, (told) => {
          // One signal sees many chunks: a listener that stays would pile up.
          signal.removeEventListener("abort", onAbort);
          resolve(told);
        });
      });
      if (outcome.kind === "checked") {
        const { replicas: compared, different, damagedUnits } = outcome;
        return { chunk, replicas: compared, different, damagedUnits, error: undefined };
      }
      await sleep(clock, PAUSE_MS, { signal });
    }
    return { ...none, error: new SystemError("chunk/not-active", "not active").code };
  }
}
