// The volumes that a drill makes for itself, and takes away again whatever came of it.
import { toSystemError, volumeId, volumeName } from "@ashlar/core";
import type { VolumeStatus } from "@ashlar/rpc";
import type { Random } from "@ashlar/runtime";
import type { DrillAdmin } from "../site/drill-site.ts";
import { CHUNKS_OF_VOLUME } from "./drill-host.ts";

/** Two and three copies, where there are as many nodes. */
const REPLICAS = [2, 3] as const;

interface Call {
  readonly signal: AbortSignal;
}

export class DrillVolumes {
  private readonly admin: Pick<DrillAdmin, "createVolume" | "deleteVolume">;
  private readonly random: Random;
  private readonly made: VolumeStatus[] = [];

  constructor(deps: {
    readonly admin: Pick<DrillAdmin, "createVolume" | "deleteVolume">;
    readonly random: Random;
  }) {
    this.admin = deps.admin;
    this.random = deps.random;
  }

  get volumes(): readonly VolumeStatus[] {
    return this.made;
  }

  async make(
    { chunkSize, storageUp }: { readonly chunkSize: number; readonly storageUp: number },
    call: Call,
  ): Promise<void> {
    const prefix = `drill-${this.random.bytes(3).toString("hex")}`;
    const sizeBytes = CHUNKS_OF_VOLUME * chunkSize;
    const counts = REPLICAS.filter((replicas) => replicas <= storageUp);
    for (const replicas of counts.length > 0 ? counts : [1]) {
      const volume = volumeId(this.random.uuid());
      const name = volumeName(`${prefix}-${replicas}way`);
      this.made.push(await this.admin.createVolume({ volume, name, sizeBytes, replicas }, call));
    }
  }

  /** As many as can be. @throws SystemError of the first that could not be taken away. */
  async remove(call: Call): Promise<void> {
    const failures: unknown[] = [];
    for (const { name } of this.made) {
      await this.removeOne(name, call).catch((thrown) => failures.push(thrown));
    }
    if (failures.length > 0) throw failures[0];
  }

  private async removeOne(name: VolumeStatus["name"], call: Call): Promise<void> {
    try {
      await this.admin.deleteVolume(name, call);
    } catch (thrown) {
      if (toSystemError(thrown).code !== "volume/not-fenced") throw thrown;
      await this.admin.deleteVolume(name, { ...call, force: true });
    }
  }
}
