// A small cluster for tests: names, stores and a catalog that checks every rule after each command.
import {
  type ClusterId,
  clusterId,
  diskId,
  type FamilyId,
  MIB,
  type NodeId,
  nodeId,
  type StoreUuid,
  storeUuid,
  volumeId,
  volumeName,
} from "@ashlar/core";
import { type Applied, applyProposal } from "../apply.ts";
import type { Command, CommandKind, CommandOf, Result } from "../command.ts";
import { check, checkStep, checkVolumes, chunksOfState } from "../invariants.ts";
import type { Proposal, ProposalId } from "../proposal.ts";
import type { CatalogChange, DiskRecord, VolumeAccess } from "../records.ts";
import { type CatalogState, emptyState } from "../state.ts";

export const TEST_CLUSTER: ClusterId = clusterId("abcdef01-0000-4000-8000-000000000000");
export const TEST_CHUNK_SIZE = 16 * MIB;
const CREATED_AT = "2026-11-01T00:00:00.000Z";

const padded = (number: number): string => String(number).padStart(12, "0");
export const testNode = (number: number): NodeId => nodeId(`storage-${number}`);
/** Store of a disk of a node; another `life` is what a wiped disk comes back as. */
export const testStore = (node: number, disk = 1, life = 0): StoreUuid =>
  storeUuid(`00000000-0000-4000-8000-${padded(node * 10_000 + disk * 100 + life)}`);
export const testVolume = (number: number) => volumeId(`11111111-0000-4000-8000-${padded(number)}`);

export function testDisk(node: number, disk = 1, life = 0): DiskRecord {
  return {
    disk: diskId(`disk-${disk}`),
    storeUuid: testStore(node, disk, life),
    sizeBytes: 1024 * MIB,
    state: "up",
  };
}

export interface StepSeen {
  readonly proposal: Proposal;
  readonly changes: readonly CatalogChange[];
}

/** A catalog under test. `faults` gathers every broken rule; a sound catalog keeps it empty. */
export class TestCatalog {
  readonly state: CatalogState;
  readonly steps: StepSeen[] = [];
  readonly faults: string[] = [];
  private index = 0;

  constructor(state: CatalogState = emptyState()) {
    this.state = state;
  }

  static created(nodes = 0, disks = 1): TestCatalog {
    const catalog = new TestCatalog();
    catalog.create();
    for (let node = 1; node <= nodes; node += 1) catalog.nodeUp(node, { disks });
    return catalog;
  }

  apply<K extends CommandKind>(command: CommandOf<K>, id?: ProposalId): Applied<K> {
    const before = chunksOfState(this.state);
    const volumesBefore = new Map(this.state.view.volumes);
    this.index += 1;
    const proposal = { id, command: command as Command };
    const applied = applyProposal(this.state, proposal, this.index) as Applied<K>;
    this.steps.push({ proposal, changes: applied.changes });
    this.faults.push(...check(this.state));
    this.faults.push(...checkStep(before, proposal.command, chunksOfState(this.state)));
    const { volumes } = this.state.view;
    this.faults.push(...checkVolumes(volumesBefore, proposal.command, volumes));
    if (applied.result.kind === "refused" && applied.changes.length > 0) {
      this.faults.push(`${command.kind} was refused and changed something`);
    }
    return applied;
  }

  /** The value of a command that is not refused. */
  done<K extends CommandKind>(
    command: CommandOf<K>,
    id?: ProposalId,
  ): Extract<Result<K>, { kind: "done" }>["value"] {
    const { result } = this.apply(command, id);
    if (result.kind === "refused") throw new Error(`${command.kind}: ${result.message}`);
    return result.value;
  }

  create(): void {
    this.done({
      kind: "createCluster",
      clusterId: TEST_CLUSTER,
      chunkSize: TEST_CHUNK_SIZE,
      createdAt: CREATED_AT,
    });
  }

  nodeUp(
    node: number,
    {
      boot = 1,
      disks = 1,
      life = 0,
      familySeen = 0,
      zone = "",
    }: {
      boot?: number;
      disks?: number;
      life?: number;
      familySeen?: number;
      zone?: string;
    } = {},
  ): { readonly incarnation: number } {
    return this.done({
      kind: "nodeUp",
      node: testNode(node),
      bootId: `boot-${node}-${boot}`,
      address: `127.0.0.1:${7000 + node}`,
      disks: Array.from({ length: disks }, (_, disk) => testDisk(node, disk + 1, life)),
      familySeen,
      incarnationSeen: 0,
      zone,
    });
  }

  /** @param unheard nodes that may be lost with it. */
  nodeDown(node: number, unheard: readonly number[] = []): void {
    const incarnation = this.state.view.nodes.get(testNode(node))?.incarnation ?? 0;
    const others = unheard.map(testNode);
    this.done({ kind: "nodeDown", node: testNode(node), incarnation, unheard: others });
  }

  begin(number: number, chunks: number, replicas = 0, access: VolumeAccess = "any"): FamilyId {
    return this.done({
      kind: "beginVolume",
      volume: testVolume(number),
      name: volumeName(`volume-${number}`),
      sizeBytes: chunks * TEST_CHUNK_SIZE,
      blockSize: 512,
      replicas,
      createdAt: CREATED_AT,
      access,
    }).family;
  }

  volume(number: number, chunks: number, replicas = 0): FamilyId {
    const family = this.begin(number, chunks, replicas);
    while (this.state.drafts.get(family)?.placed !== chunks) {
      this.done({ kind: "extendVolume", family, chunks });
    }
    this.done({ kind: "finishVolume", family });
    return family;
  }
}
