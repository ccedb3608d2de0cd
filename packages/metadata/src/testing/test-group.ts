// A group of metadata members in this process: their real hosts and logs on disks in memory, a network
// that delivers at once or is cut, and a clock that stands still until told.
import { FORMATS, type Formats } from "@ashlar/catalog";
import { clusterId, MIB, type NodeId, nodeId, present } from "@ashlar/core";
import type { MemberId, Message } from "@ashlar/raft";
import type { RaftTransport } from "@ashlar/rpc";
import { nodeRandom, openRegistry, silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import type { CatalogMachine } from "../group/catalog-machine.ts";
import type { GroupLog } from "../group/group-log.ts";
import { LeaderDuties } from "../group/leader-duties.ts";
import { foundCluster, MemberFolder } from "../group/member-folder.ts";
import { MetadataGroup } from "../group/metadata-group.ts";
import { type RaftHost, TICK_MS } from "../group/raft-host.ts";
import { openLogMetrics } from "../metrics.ts";
import { VolumeCreation } from "../volume-creation.ts";
import { registrationOf } from "./metadata-fixture.ts";

export const GROUP_CLUSTER = clusterId("abcdef01-0000-4000-8000-000000000000");
/** Virtual time in which a group comes to rest, however elections go. */
const ROUNDS_MAX = 2_000;
/** Turns of the event loop in which what was handed over is written, sent and taken in. */
const TURNS_PER_ROUND = 12;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface TestMember {
  readonly name: NodeId;
  readonly member: MemberId;
  readonly folder: MemberFolder;
  readonly machine: CatalogMachine;
  readonly log: GroupLog;
  readonly host: RaftHost;
  readonly group: MetadataGroup;
  readonly duties: LeaderDuties;
  readonly fatal: Error[];
}

export interface TestGroupOptions {
  readonly snapshotEntries?: number;
}

export class TestGroup {
  readonly clock = new ManualClock();
  readonly disks = new Map<NodeId, MemoryDisk>();
  readonly members = new Map<NodeId, TestMember>();
  /** What members tell that they read, where that is not what this program does. */
  readonly formats = new Map<MemberId, Formats>();
  private readonly cut = new Set<NodeId>();
  private readonly options: TestGroupOptions;

  constructor(options: TestGroupOptions = {}) {
    this.options = options;
  }

  /** A group of `count` voters with a cluster made. */
  static async of(count: number, options: TestGroupOptions = {}): Promise<TestGroup> {
    const group = new TestGroup(options);
    const names = Array.from({ length: count }, (_, at) => nodeId(`metadata-${at + 1}`));
    await group.found(present(names[0], "a first member"), names);
    for (const name of names.slice(1)) await group.join(name);
    await group.until(() => group.leader().host.status.membership.incoming.size === count);
    await group.until(() => group.leader().log.view.cluster !== undefined);
    return group;
  }

  static identity = (name: NodeId) => ({
    dataDir: "/metadata",
    clusterId: GROUP_CLUSTER,
    nodeId: name,
  });

  diskOf(name: NodeId): MemoryDisk {
    const disk = this.disks.get(name) ?? new MemoryDisk();
    this.disks.set(name, disk);
    return disk;
  }

  async found(name: NodeId, expected: readonly NodeId[]): Promise<TestMember> {
    const ports = { disk: this.diskOf(name), random: nodeRandom };
    await foundCluster(ports, TestGroup.identity(name));
    const member = await this.start(name, expected);
    await this.until(() => member.log.leads);
    return member;
  }

  /** Starts a member and has it taken in. */
  async join(name: NodeId): Promise<TestMember> {
    const joining = await this.start(name);
    const request = { node: name, member: joining.member, address: addressOf(name) };
    await this.until(async () => {
      const verdict = this.leaderOrNone()?.duties.join(request);
      return (await verdict?.catch(() => undefined))?.voter === true;
    });
    return joining;
  }

  async start(name: NodeId, expected: readonly NodeId[] = [name]): Promise<TestMember> {
    const { clock } = this;
    const ports = { clock, random: nodeRandom, log: silentLog };
    const metrics = openLogMetrics(openRegistry({ process: name }));
    const disk = this.diskOf(name);
    const folder = await MemberFolder.open({ ...ports, disk }, TestGroup.identity(name));
    const fatal: Error[] = [];
    const group = new MetadataGroup(
      { ...ports, metrics, folder, openTransport: () => this.transportOf(name) },
      {
        clusterId: GROUP_CLUSTER,
        nodeId: name,
        members: [],
        onFatal: (error) => fatal.push(error),
        ...this.options,
      },
    );
    const { log, host, view, machine } = group;
    const creation = new VolumeCreation({ replicatedLog: log, clock, log: silentLog });
    const duties = new LeaderDuties(
      { ...ports, groupLog: log, host, view, creation },
      {
        clusterId: GROUP_CLUSTER,
        chunkSize: 16 * MIB,
        nodeId: name,
        address: () => addressOf(name),
        members: expected.map((one) => ({ nodeId: one, address: addressOf(one) })),
      },
    );
    await duties.start();
    const { member } = folder;
    const made = { name, member, folder, machine, log, host, group, duties, fatal };
    this.members.set(name, made);
    await group.start();
    return made;
  }

  /** As a power cut does: what was not synced is gone. */
  async crash(name: NodeId): Promise<void> {
    const member = this.member(name);
    this.members.delete(name);
    this.diskOf(name).powerCut();
    await member.duties.stop();
    await member.group.stop();
    await member.folder.close().catch(() => {});
  }

  async restart(name: NodeId): Promise<TestMember> {
    await this.crash(name);
    return this.start(name);
  }

  async stop(): Promise<void> {
    for (const name of [...this.members.keys()]) await this.crash(name);
  }

  cutOff(name: NodeId): void {
    this.cut.add(name);
  }

  heal(): void {
    this.cut.clear();
  }

  member(name: NodeId): TestMember {
    return present(this.members.get(name), `${name} runs`);
  }

  leaderOrNone(): TestMember | undefined {
    return [...this.members.values()].find(({ name, log }) => log.leads && !this.cut.has(name));
  }

  leader(): TestMember {
    return present(this.leaderOrNone(), "somebody leads");
  }

  followers(): readonly TestMember[] {
    return [...this.members.values()].filter(({ log }) => !log.leads);
  }

  /** Lets time pass until the condition is met. */
  async until(met: () => boolean | Promise<boolean>): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await this.settle();
      if (await met()) return;
      this.clock.advance(TICK_MS);
    }
    throw new Error("waited too long");
  }

  /** The answer, for which time passes: what needs an election gets one. */
  async answered<T>(asked: Promise<T>): Promise<T> {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    asked.then(mark, mark);
    await this.until(() => done);
    return asked;
  }

  /** What was handed over so far is written, sent and taken in; no time passes. */
  async settle(): Promise<void> {
    for (let count = 0; count < TURNS_PER_ROUND; count += 1) await turn();
  }

  private transportOf(name: NodeId): RaftTransport {
    return {
      send: (messages) => {
        for (const message of messages) setImmediate(() => this.deliver(name, message));
      },
      stop: async () => {},
    };
  }

  private deliver(from: NodeId, message: Message): void {
    const target = [...this.members.values()].find(({ member }) => member === message.to);
    const sender = this.members.get(from);
    const passes = target && !this.cut.has(from) && !this.cut.has(target.name);
    if (passes) {
      target.group.formats.note(message.from, this.formats.get(message.from) ?? FORMATS);
      target.host.receive(message);
    } else sender?.host.unreachable(message.to);
    if (message.kind !== "install-snapshot") return;
    sender?.host.snapshotSent(message.to, passes ? "delivered" : "failed");
  }
}

export const addressOf = (name: NodeId): string => `${name}:7000`;

/** A storage node comes, with room for any volume of a test. */
export const nodeUp = (bootId = "a") => ({ kind: "nodeUp", ...registrationOf(1), bootId }) as const;

export const gatewayUp = (number: number) =>
  ({
    kind: "gatewayUp",
    gateway: nodeId(`gateway-${number}`),
    bootId: `boot-${number}`,
    portals: [],
    incarnationSeen: 0,
  }) as const;
