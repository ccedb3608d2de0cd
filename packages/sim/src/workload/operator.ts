// The person who runs the cluster: makes volumes before the faults begin, makes and deletes more of them
// meanwhile, and asks at the end whether all is well.
import type { AccessEdit, VolumeAccess } from "@ashlar/catalog";
import { hostName, initiatorName, toSystemError, volumeId, volumeName } from "@ashlar/core";
import type { VolumeCheck } from "@ashlar/rpc";
import { CHUNK_SIZE, type SimCluster } from "../cluster/sim-cluster.ts";
import type { World } from "../world/world.ts";
import type { ClientVolume } from "./sim-client.ts";
import { BLOCK } from "./stamps.ts";

const BLOCKS_PER_CHUNK = CHUNK_SIZE / BLOCK;
/** Few places, so that commands meet: at the beginning, over the border of two chunks, and in between. */
const PLACES: readonly number[] = [
  0,
  8,
  BLOCKS_PER_CHUNK - 8,
  BLOCKS_PER_CHUNK,
  BLOCKS_PER_CHUNK + 512,
];

/** Of chunks beyond the second one, the first block is enough. */
const placesOf = (chunks: number): readonly number[] => [
  ...PLACES,
  ...Array.from({ length: chunks - 2 }, (_, at) => (at + 2) * BLOCKS_PER_CHUNK),
];

export class Operator {
  readonly volumes: ClientVolume[] = [];
  readonly figures = { created: 0, deleted: 0 };
  private readonly world: World;
  private readonly cluster: SimCluster;
  /** Of each volume. */
  private readonly chunks: number;
  private made = 0;
  private creations = 0;

  constructor(world: World, cluster: SimCluster, { chunks }: { readonly chunks: number }) {
    this.world = world;
    this.cluster = cluster;
    this.chunks = chunks;
  }

  /** A volume is being made: where its copies go, nobody knows yet. */
  get isCreating(): boolean {
    return this.creations > 0;
  }

  /** Runs `act` as the operator; what it throws ends the run. */
  do(act: () => Promise<void>): void {
    this.world.after(0, this.cluster.operator, () => {
      act().catch((thrown: unknown) => this.world.fail(thrown));
    });
  }

  /** Makes volumes of so many copies each, which `mapped` hosts alone may use, or everybody. */
  async createVolumes(copies: readonly number[], access: VolumeAccess = "any"): Promise<void> {
    for (const replicas of copies) this.volumes.push(await this.create(replicas, access));
  }

  async createHost(name: string, initiator: string): Promise<void> {
    const host = { name: hostName(name), initiators: [initiatorName(initiator)], chap: undefined };
    await this.cluster.admin.createHost(host, { signal: this.signal });
  }

  /** Resolves when nothing takes effect any more of those who may not use the volume from then on. */
  async changeAccess({ name }: ClientVolume, edit: AccessEdit): Promise<void> {
    await this.cluster.admin.changeAccess(volumeName(name), edit, { signal: this.signal });
  }

  /** A volume that nobody uses comes and goes. */
  async createAndDelete(replicas: number): Promise<void> {
    try {
      const { name } = await this.create(replicas);
      this.figures.created += 1;
      const { signal } = this;
      await this.cluster.admin.deleteVolume(volumeName(name), { signal });
      this.figures.deleted += 1;
    } catch (thrown) {
      // While the cluster is in trouble an operator may be told so.
      const { code } = toSystemError(thrown);
      if (code === "internal") throw thrown;
      this.world.note(`operator: ${code}`);
    }
  }

  /** P15: whether all copies of a volume are equal, by the product's own check. */
  check(name: string): Promise<VolumeCheck> {
    const { signal } = this;
    return this.cluster.admin.checkVolume(volumeName(name), { signal, onProgress: () => {} });
  }

  private get signal(): AbortSignal {
    return new AbortController().signal;
  }

  private async create(replicas: number, access: VolumeAccess = "any"): Promise<ClientVolume> {
    this.made += 1;
    const name = `volume-${this.made}`;
    const volume = volumeId(this.world.random.uuid());
    const sizeBytes = this.chunks * CHUNK_SIZE;
    const asked = { volume, name: volumeName(name), sizeBytes, replicas, access };
    this.creations += 1;
    try {
      const { iqn } = await this.cluster.admin.createVolume(asked, { signal: this.signal });
      return { volume, name, iqn, places: placesOf(this.chunks) };
    } finally {
      this.creations -= 1;
    }
  }
}
