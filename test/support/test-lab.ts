// A lab that a test drives through the built command, exactly as a user does.
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, outcomeOf, type ScratchOptions, scratchFolder } from "./tools.ts";

export const ASHLAR = fileURLToPath(new URL("../../packages/cli/bin/ashlar.js", import.meta.url));

/** The document of `lab up --json`. */
export interface LabDocument {
  readonly dir: string;
  readonly console: string | null;
  readonly admin: readonly string[];
  readonly portals: readonly string[];
  readonly volumes: readonly { name: string; iqn: string; lun: number; sizeBytes: number }[];
  readonly processes: readonly { kind: string; id: string; pid: number | null }[];
}

export interface VolumeDocument {
  readonly name: string;
  readonly iqn: string;
  readonly lun: number;
  readonly sizeBytes: number;
  readonly chunks: number;
  readonly degradedChunks: number;
  readonly unavailableChunks: number;
}

export interface NodesDocument {
  readonly nodes: readonly {
    readonly id: string;
    readonly state: string;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    /** Chunks that the node leads. */
    readonly primaries: number;
  }[];
}

export interface CheckDocument {
  readonly chunks: number;
  readonly replicas: number;
  readonly different: number;
  /** Checksum units, as they were found; repaired since where another replica has them. */
  readonly damaged: number;
}

/** Runs `ashlar`, whatever its exit status. */
export const ashlarOutcome = (...args: string[]): Promise<Outcome> =>
  outcomeOf(process.execPath, [ASHLAR, ...args]);

/** The JSON document of an `ashlar` command that must succeed. */
export async function ashlar<T>(...args: string[]): Promise<T> {
  const { exit, stdout, stderr } = await ashlarOutcome(...args, "--json");
  if (exit === 0) return JSON.parse(stdout) as T;
  throw new Error(`ashlar ${args.join(" ")}: exit ${exit}\n${stdout}\n${stderr}`);
}

export class TestLab {
  readonly dir: string;
  private readonly removeFolder: () => Promise<void>;
  private document: LabDocument | undefined;

  private constructor(dir: string, removeFolder: () => Promise<void>) {
    this.dir = dir;
    this.removeFolder = removeFolder;
  }

  /** Makes and starts a lab in a folder of its own. */
  static make(...options: string[]): Promise<TestLab> {
    return TestLab.makeIn({}, options);
  }

  /** The same with its disks in memory, where there is room. */
  static makeInMemory(...options: string[]): Promise<TestLab> {
    return TestLab.makeIn({ inMemory: true }, options);
  }

  private static async makeIn(where: ScratchOptions, options: readonly string[]): Promise<TestLab> {
    const folder = await scratchFolder(where);
    const lab = new TestLab(join(folder.path, "lab"), folder.remove);
    try {
      await lab.up(...options);
    } catch (thrown) {
      await folder.remove();
      throw thrown;
    }
    return lab;
  }

  get portals(): readonly string[] {
    return this.document?.portals ?? [];
  }

  async up(...options: string[]): Promise<LabDocument> {
    this.document = await ashlar<LabDocument>("lab", "up", "--detach", ...this.at(), ...options);
    return this.document;
  }

  status(): Promise<LabDocument> {
    return ashlar("lab", "status", ...this.at());
  }

  async down(): Promise<void> {
    await ashlar("lab", "down", ...this.at());
  }

  /** Runs a command about this lab. */
  command<T>(...args: string[]): Promise<T> {
    return ashlar<T>(...args, ...this.at());
  }

  createVolume(name: string, size: string, ...options: string[]): Promise<VolumeDocument> {
    return this.command("volume", "create", name, "--size", size, ...options);
  }

  volume(name: string): Promise<VolumeDocument> {
    return this.command("volume", "show", name);
  }

  /** The file of a node's first disk. */
  async diskPath(node: string): Promise<string> {
    const dir = join(this.dir, node);
    const [name] = (await readdir(dir)).filter((entry) => /^disk-\d+$/.test(entry)).sort();
    if (name === undefined) throw new Error(`${node} has no disk file`);
    return join(dir, name);
  }

  async pidOf(id: string): Promise<number | null> {
    const { processes } = await this.status();
    return processes.find((process) => process.id === id)?.pid ?? null;
  }

  /** URL of a volume through one gateway, counted from 1. */
  url({ iqn, lun }: Pick<VolumeDocument, "iqn" | "lun">, gateway: number): string {
    return `iscsi://${this.portals[gateway - 1]}/${iqn}/${lun}`;
  }

  /** Sum of a metric of one process over the series whose labels hold `labels`. */
  async metric(id: string, name: string, labels = ""): Promise<number> {
    const config = await readFile(join(this.dir, "config", `${id}.json`), "utf8");
    const { metrics } = JSON.parse(config) as { metrics: { host: string; port: number } };
    const response = await fetch(`http://${metrics.host}:${metrics.port}/metrics`);
    const lines = (await response.text()).split("\n");
    return lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** Stops the lab if it runs and removes all its files. */
  async remove(): Promise<void> {
    await ashlarOutcome("lab", "down", ...this.at());
    await this.removeFolder();
  }

  private at(): string[] {
    return ["--dir", this.dir];
  }
}

/** Of the lab in a folder, the last one that was started. */
export function supervisorPidOf(dir: string): number {
  const state = readFileSync(join(dir, "supervisor-state.json"), "utf8");
  return (JSON.parse(state) as { supervisorPid: number }).supervisorPid;
}
