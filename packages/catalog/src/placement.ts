// Where the replicas of new chunks go: on nodes that are up, of distinct zones, in proportion to the size of
// their disks, with primaries in the same proportion. Deterministic: a hash of the chunk decides
// among equals, so that the partners of a node are spread over all the others.
import { type ChunkId, type NodeId, present } from "@ashlar/core";
import type { ChunkConfig, ChunkMember, DiskRecord, NodeRecord } from "./records.ts";
import { type Lives, livingNodes } from "./silence.ts";
import type { CatalogState } from "./state.ts";

interface DiskCandidate {
  readonly member: ChunkMember;
  readonly sizeBytes: number;
  replicas: number;
}

interface NodeCandidate {
  readonly record: NodeRecord;
  readonly disks: readonly DiskCandidate[];
  readonly sizeBytes: number;
  /** FNV hash of the name, mixed with the chunk's for ties. */
  readonly salt: number;
  replicas: number;
  primaries: number;
}

/** More than all chunks: a slow disk leads where no other one can. */
const SLOW_COST = 2 ** 40;
/** No node weighs nothing, however large the others are. */
const WEIGHT_MIN = 1e-9;

/** Disks that serve. */
export const openDisks = (node: NodeRecord): readonly DiskRecord[] =>
  node.state === "up"
    ? node.disks.filter(({ state }) => state === "up" || state === "leaving")
    : [];

/** Those of them that may get new copies, and are given chunks to lead by plans. */
export const disksForCopies = (node: NodeRecord): readonly DiskRecord[] =>
  node.service === "in"
    ? openDisks(node).filter(({ state, slow }) => state === "up" && slow === undefined)
    : [];

/** A node that takes copies, and its size in proportion to the mean of all of them. */
interface WeightedNode {
  readonly record: NodeRecord;
  readonly sizeBytes: number;
  readonly weight: number;
}

/** In order of their names. */
export function weightedNodes(nodes: ReadonlyMap<NodeId, NodeRecord>): readonly WeightedNode[] {
  const sized = [...nodes.values()]
    .sort((a, b) => (a.node < b.node ? -1 : 1))
    .map((record) => {
      const sizeBytes = disksForCopies(record).reduce((sum, disk) => sum + disk.sizeBytes, 0);
      return { record, sizeBytes };
    })
    .filter(({ sizeBytes }) => sizeBytes > 0);
  const mean = sized.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / sized.length;
  return sized.map((one) => ({ ...one, weight: Math.max(one.sizeBytes / mean, WEIGHT_MIN) }));
}

/** What fails together with the node: no two copies of a chunk are in one. */
export const zoneOf = ({ node, zone }: Pick<NodeRecord, "node" | "zone">): string =>
  zone === "" ? `node ${node}` : `zone ${zone}`;

/** Zones that can take a new replica: as many replicas a volume can have. */
export function zonesForCopies(state: CatalogState): ReadonlySet<string> {
  const nodes = [...state.view.nodes.values()];
  return new Set(nodes.filter((node) => disksForCopies(node).length > 0).map(zoneOf));
}

export class Placement {
  private readonly candidates: NodeCandidate[];

  constructor(state: CatalogState) {
    this.candidates = [...state.view.nodes.values()]
      .filter((node) => disksForCopies(node).length > 0)
      .map((record) => nodeCandidate(state, record))
      .sort((a, b) => (a.record.node < b.record.node ? -1 : 1));
  }

  /** The first configuration of a chunk, undefined when fewer than `replicas` zones can take one. */
  place(chunk: ChunkId, replicas: number): ChunkConfig | undefined {
    const order =
      (value: (node: NodeCandidate) => number) => (a: NodeCandidate, b: NodeCandidate) =>
        value(a) - value(b) || mixed(a.salt, chunk) - mixed(b.salt, chunk);
    const ordered = [...this.candidates].sort(
      order((node) => (node.replicas + 1) / node.sizeBytes),
    );
    const chosen = firstOfZones(ordered).slice(0, replicas);
    if (chosen.length < replicas) return undefined;
    const members = chosen.map((node) => takeDisk(node));
    const primary = present(
      [...chosen].sort(order((node) => (node.primaries + 1) / node.sizeBytes))[0],
      "at least one replica",
    );
    primary.primaries += 1;
    return {
      chunk,
      epoch: 1,
      version: 1,
      members,
      isr: members.map(({ storeUuid }) => storeUuid),
      learners: [],
      primary: { node: primary.record.node, incarnation: primary.record.incarnation },
    };
  }
}

/**
 * Chooses new primaries evenly: those with fewer chunks to lead, on nodes that live (by default: are up), come
 * first.
 */
export function evenPrimaries(
  state: CatalogState,
  lives: Lives = livingNodes(state.view, []),
): (candidates: readonly ChunkMember[]) => ChunkConfig["primary"] {
  const led = new Map<NodeId, number>();
  const primaries = new Map<NodeId, ChunkConfig["primary"]>();
  for (const { member, load } of state.view.chunks.loads()) {
    led.set(member.node, (led.get(member.node) ?? 0) + load.primaries);
  }
  const cost = ({ node, storeUuid }: ChunkMember): number => {
    if (!lives(node)) return Number.POSITIVE_INFINITY;
    return (led.get(node) ?? 0) + (state.slow.has(storeUuid) ? SLOW_COST : 0);
  };
  return (candidates) => {
    let best = present(candidates[0], "K4: an ISR has a member");
    for (const candidate of candidates) if (cost(candidate) < cost(best)) best = candidate;
    led.set(best.node, (led.get(best.node) ?? 0) + 1);
    const known = primaries.get(best.node);
    if (known) return known;
    const record = present(state.view.nodes.get(best.node), "members are on known nodes");
    const primary = { node: best.node, incarnation: record.incarnation };
    primaries.set(best.node, primary);
    return primary;
  };
}

function firstOfZones(ordered: readonly NodeCandidate[]): readonly NodeCandidate[] {
  const zones = new Set<string>();
  return ordered.filter(({ record }) => {
    const zone = zoneOf(record);
    if (zones.has(zone)) return false;
    zones.add(zone);
    return true;
  });
}

function nodeCandidate(state: CatalogState, record: NodeRecord): NodeCandidate {
  let primaries = 0;
  const disks = disksForCopies(record).map(({ disk, storeUuid, sizeBytes }) => {
    const member = { node: record.node, disk, storeUuid };
    const load = state.view.chunks.load(member);
    primaries += load.primaries;
    return { member, sizeBytes, replicas: load.replicas };
  });
  return {
    record,
    disks,
    sizeBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    salt: hash(record.node),
    replicas: disks.reduce((sum, disk) => sum + disk.replicas, 0),
    primaries,
  };
}

function takeDisk(node: NodeCandidate): ChunkMember {
  const cost = (disk: DiskCandidate): number => (disk.replicas + 1) / disk.sizeBytes;
  let best = present(node.disks[0], "a usable node has a disk");
  for (const disk of node.disks) if (cost(disk) < cost(best)) best = disk;
  best.replicas += 1;
  node.replicas += 1;
  return best.member;
}

/** FNV-1a. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    value = Math.imul(value ^ name.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}

/** A pseudo-random number from both, the finaliser of MurmurHash3. */
function mixed(salt: number, chunk: ChunkId): number {
  let value = salt ^ Math.imul(chunk % 0x1_0000_0000, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
