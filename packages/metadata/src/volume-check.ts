// Compares all replicas of a volume: each chunk is asked of the node that leads it. A chunk that
// moves meanwhile is asked again where it is led now.
import type { ChunkConfig, VolumeRecord } from "@ashlar/catalog";
import {
  type ChunkId,
  type ClusterId,
  formatChunkId,
  type NodeId,
  SystemError,
} from "@ashlar/core";
import {
  type CheckProgress,
  checkChunks,
  GrpcClient,
  type Network,
  type VolumeCheck,
} from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { ReplicatedLog } from "./replicated-log.ts";

/** Chunks of one request: what one node reads before it answers for the first of them is little. */
const CHUNKS_PER_REQUEST = 256;
/** A failover takes a second or two; what cannot be checked after this many rounds is reported. */
const ROUNDS_MAX = 6;
const ROUND_PAUSE_MS = 1_000;

interface Sums {
  chunks: number;
  replicas: number;
  different: number;
  damaged: number;
}

export class VolumeChecker {
  private readonly log: ReplicatedLog;
  private readonly clock: Clock;
  private readonly network: Network | undefined;
  private readonly clusterId: ClusterId;

  constructor(
    {
      log,
      clock,
      network,
    }: {
      readonly log: ReplicatedLog;
      readonly clock: Clock;
      /** The machine's if absent. */
      readonly network?: Network | undefined;
    },
    { clusterId }: { readonly clusterId: ClusterId },
  ) {
    this.log = log;
    this.clock = clock;
    this.network = network;
    this.clusterId = clusterId;
  }

  /** @throws SystemError chunk/unavailable naming chunks that could not be checked. */
  async check(
    { name, family }: VolumeRecord,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: CheckProgress) => void;
    },
  ): Promise<VolumeCheck> {
    const sums: Sums = { chunks: 0, replicas: 0, different: 0, damaged: 0 };
    const left = new Map(this.log.view.chunksOf(family).map(({ chunk }) => [chunk, "not asked"]));
    const chunksTotal = left.size;
    for (let round = 1; left.size > 0; round += 1) {
      for (const [node, chunks] of this.byPrimary([...left.keys()])) {
        await this.checkOn(node, chunks, { left, sums, chunksTotal, ...options });
      }
      if (left.size === 0) break;
      if (round === ROUNDS_MAX) throw unchecked(name, left);
      await sleep(this.clock, ROUND_PAUSE_MS, options);
    }
    return sums;
  }

  private byPrimary(chunks: readonly ChunkId[]): Map<NodeId, ChunkId[]> {
    const groups = new Map<NodeId, ChunkId[]>();
    for (const chunk of chunks) {
      const config: ChunkConfig | undefined = this.log.view.chunk(chunk);
      if (!config) throw new SystemError("volume/not-found", "the volume was deleted meanwhile");
      const { node } = config.primary;
      groups.set(node, [...(groups.get(node) ?? []), chunk]);
    }
    return groups;
  }

  private async checkOn(
    node: NodeId,
    chunks: readonly ChunkId[],
    run: {
      readonly left: Map<ChunkId, string>;
      readonly sums: Sums;
      readonly chunksTotal: number;
      readonly signal: AbortSignal;
      readonly onProgress: (progress: CheckProgress) => void;
    },
  ): Promise<void> {
    const { left, sums, chunksTotal, signal, onProgress } = run;
    const address = this.log.view.nodes.get(node)?.address ?? "";
    const { clusterId, network } = this;
    const client = new GrpcClient({ address, clusterId, network });
    try {
      for (let at = 0; at < chunks.length; at += CHUNKS_PER_REQUEST) {
        const part = chunks.slice(at, at + CHUNKS_PER_REQUEST);
        for await (const checked of checkChunks(client, part, { signal })) {
          if (checked.error !== undefined) {
            left.set(checked.chunk, checked.error);
            continue;
          }
          if (!left.delete(checked.chunk)) continue;
          sums.chunks += 1;
          sums.replicas += checked.replicas;
          sums.different += checked.different;
          sums.damaged += checked.damagedUnits;
          onProgress({ chunksDone: sums.chunks, chunksTotal });
        }
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof SystemError)) throw thrown;
      for (const chunk of chunks) if (left.has(chunk)) left.set(chunk, thrown.message);
    } finally {
      client.close();
    }
  }
}

function unchecked(name: string, left: ReadonlyMap<ChunkId, string>): SystemError {
  const [first] = [...left];
  const where = first ? `, the first is ${formatChunkId(first[0])}: ${first[1]}` : "";
  return new SystemError(
    "chunk/unavailable",
    `${left.size} chunks of volume "${name}" could not be checked${where}`,
    { chunks: left.size, hint: "see `node list`: a node that leads them may be down" },
  );
}
