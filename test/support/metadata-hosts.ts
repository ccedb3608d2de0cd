// A metadata group whose members are real processes on hosts of their own, without a supervisor: the test
// ends, stops and starts them, and decides who reaches whom.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clusterId } from "@ashlar/core";
import { foundCluster, METADATA_CONFIG } from "@ashlar/metadata";
import { askGroupStatus, type GroupStatus } from "@ashlar/rpc";
import { nodeDisk, nodeRandom, readConfig } from "@ashlar/runtime";
import { ASHLAR } from "./test-lab.ts";
import { commandOn, type TestHost, TestNetwork } from "./test-network.ts";
import { scratchFolder, until } from "./tools.ts";

const PORT = 7_001;
const METRICS_PORT = 7_002;
const FORMATION_DEADLINE_MS = 60_000;
const LOG_TAIL_LINES = 20;

const addressOf = ({ ip }: TestHost): string => `${ip}:${PORT}`;

export class MetadataHosts {
  readonly clusterId = clusterId(randomUUID());
  readonly network: TestNetwork;
  private readonly folder: { readonly path: string; readonly remove: () => Promise<void> };
  private readonly processes = new Map<TestHost, ChildProcess>();
  /** Ends that nobody asked for. */
  private readonly crashed: string[] = [];

  private constructor(network: TestNetwork, folder: MetadataHosts["folder"]) {
    this.network = network;
    this.folder = folder;
  }

  /** A group of `count` members, all with a vote. */
  static async make(count: number): Promise<MetadataHosts> {
    const names = Array.from({ length: count }, (_, at) => `metadata-${at + 1}`);
    const network = await TestNetwork.make(...names);
    const hosts = new MetadataHosts(network, await scratchFolder());
    try {
      await hosts.form();
    } catch (thrown) {
      await hosts.remove();
      throw thrown;
    }
    return hosts;
  }

  get members(): readonly TestHost[] {
    return this.network.hosts;
  }

  /** host:port of each member. */
  get addresses(): readonly string[] {
    return this.members.map(addressOf);
  }

  async start(member: TestHost): Promise<void> {
    const log = await open(this.pathOf(member, "log"), "a");
    const command = commandOn(
      member,
      ...[process.execPath, ASHLAR, "metadata", "--config", this.pathOf(member, "json")],
    );
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: ["ignore", log.fd, log.fd] });
    this.processes.set(member, child);
    child.once("exit", (code, signal) => {
      if (this.processes.get(member) !== child) return;
      this.crashed.push(`${member.name} ended by itself: exit ${code}, signal ${signal}`);
    });
    await log.close();
  }

  /** kill -9 */
  async kill(member: TestHost): Promise<void> {
    const child = this.processes.get(member);
    this.processes.delete(member);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  signal(member: TestHost, signal: "SIGSTOP" | "SIGCONT"): void {
    this.processes.get(member)?.kill(signal);
  }

  /** How the member sees its group; undefined when it does not answer. */
  async groupStatus(member: TestHost): Promise<GroupStatus | undefined> {
    const signal = AbortSignal.timeout(FORMATION_DEADLINE_MS);
    return askGroupStatus(
      { address: addressOf(member), clusterId: this.clusterId },
      { signal },
    ).catch(() => undefined);
  }

  /** Of those that believe to lead the one with the highest term; undefined while there is none. */
  async leader(): Promise<TestHost | undefined> {
    const asked = this.members.map(async (member) => ({
      member,
      status: await this.groupStatus(member),
    }));
    const leaders = (await Promise.all(asked)).filter(({ status }) => status?.role === "leader");
    const termOf = ({ status }: (typeof leaders)[number]): number => status?.term ?? 0;
    return leaders.sort((a, b) => termOf(b) - termOf(a))[0]?.member;
  }

  /** Waits until the leader knows that all members have a vote and its whole log. */
  async untilInStep(): Promise<void> {
    const inStep = async (): Promise<string[]> => {
      const leader = await this.leader();
      const status = leader && (await this.groupStatus(leader));
      const members = status?.members ?? [];
      return members
        .filter(({ role, lag }) => (role === "leader" || role === "follower") && lag === 0)
        .map(({ id }) => id);
    };
    const all = (found: string[]): boolean => found.length === this.members.length;
    await until("all metadata members in step", FORMATION_DEADLINE_MS, inStep, all);
  }

  /** What the members' logs hold under one message, all runs of all members. */
  async logged(message: string): Promise<number> {
    const logs = this.members.map((member) => readFile(this.pathOf(member, "log"), "utf8"));
    const lines = (await Promise.all(logs)).flatMap((log) => log.split("\n"));
    return lines.filter((line) => line.includes(`"msg":"${message}"`)).length;
  }

  /** Ends of members that nobody asked for, with the last they said. */
  async crashes(): Promise<string[]> {
    if (this.crashed.length === 0) return [];
    const tailOf = async (member: TestHost): Promise<string> => {
      const log = await readFile(this.pathOf(member, "log"), "utf8");
      return log.split("\n").slice(-LOG_TAIL_LINES).join("\n");
    };
    return [...this.crashed, ...(await Promise.all(this.members.map(tailOf)))];
  }

  /** Ends the members and removes the network and all files. */
  async remove(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)));
    await this.network.remove();
    await this.folder.remove();
  }

  private async form(): Promise<void> {
    const members = this.members.map((host) => ({ nodeId: host.name, address: addressOf(host) }));
    for (const host of this.members) {
      const dataDir = join(this.folder.path, host.name);
      await mkdir(dataDir);
      const config = {
        nodeId: host.name,
        clusterId: this.clusterId,
        metrics: { host: "127.0.0.1", port: METRICS_PORT },
        dataDir,
        listen: addressOf(host),
        members,
      };
      await writeFile(this.pathOf(host, "json"), JSON.stringify(config));
    }
    const [founder, ...others] = this.members;
    if (!founder) throw new Error("a group has a member");
    const config = await readConfig(this.pathOf(founder, "json"), METADATA_CONFIG);
    await foundCluster({ disk: nodeDisk, random: nodeRandom }, config);
    for (const member of [founder, ...others]) await this.start(member);
    await this.untilInStep();
  }

  private pathOf({ name }: TestHost, extension: "json" | "log"): string {
    return join(this.folder.path, `${name}.${extension}`);
  }
}
