// A lab as the site of drills: its supervisor ends and starts processes, signals hold them, an isolated lab's network
// is cut, and strace stands between a process and its disk. Every process is a machine of its own.
import { rm } from "node:fs/promises";
import { SystemError } from "@ashlar/core";
import { type Clock, nodeClock } from "@ashlar/runtime";
import { SupervisorClient } from "@ashlar/supervisor";
import { formatAddress } from "../../addresses.ts";
import { networkOf } from "../../isolation.ts";
import type { Lab } from "../../lab.ts";
import { isGateway, isStorage, type LabDocument, readLab } from "../../lab-file.ts";
import { OUTSIDE, type Way } from "../../lab-network.ts";
import { labPaths } from "../../lab-paths.ts";
import { storageDisks } from "../../process-configs.ts";
import { labAdmin } from "../../readiness.ts";
import type {
  DiskFault,
  DrillAdmin,
  DrillSite,
  Inability,
  SiteDisk,
  SitePortal,
  SiteProcess,
} from "./drill-site.ts";
import { type DiskTrouble, straceInability, troubleDisk } from "./strace-disk-fault.ts";

interface Call {
  readonly signal: AbortSignal;
}

const METRICS_TIMEOUT_MS = 2_000;
const NOT_ISOLATED: Inability = {
  reason: "its processes share this machine's network",
  hint: "make a lab with `ashlar lab up --isolate` (as root), whose processes have networks of their own",
};

export class LabSite implements DrillSite {
  readonly name: string;
  readonly cannot: DrillSite["cannot"];
  readonly killNote =
    "by SIGKILL; the supervisor of the machine lives and tells the cluster at once, unlike when a machine dies";
  private readonly lab: Lab;
  private readonly document: LabDocument;
  private readonly clock: Clock = nodeClock;
  private readonly supervisor: SupervisorClient;

  private constructor(lab: Lab, document: LabDocument, cannot: DrillSite["cannot"]) {
    this.lab = lab;
    this.document = document;
    this.cannot = cannot;
    const nodes = document.processes.filter(isStorage).length;
    this.name = `a lab of ${nodes} storage nodes on one machine`;
    this.supervisor = new SupervisorClient({ socketPath: document.socketPath });
  }

  /** @throws SystemError lab/not-found, lab/not-running */
  static async open(lab: Lab): Promise<LabSite> {
    const document = await readLab(lab.dir);
    const noStrace = await straceInability();
    const site = new LabSite(lab, document, {
      ...(!document.network && { isolate: NOT_ISOLATED }),
      ...(noStrace && { "fail-disk": noStrace, "slow-disk": noStrace }),
    });
    await site.supervisor.status();
    return site;
  }

  openAdmin(): DrillAdmin {
    return labAdmin(this.document);
  }

  async processes(): Promise<readonly SiteProcess[]> {
    const running = await this.pids();
    return this.document.processes.map(({ kind, id }) => ({
      kind,
      id,
      machine: id,
      running: running.has(id),
    }));
  }

  async portals(): Promise<readonly SitePortal[]> {
    return this.document.processes.filter(isGateway).map(({ id, advertise }) => ({
      gateway: id,
      address: formatAddress(advertise.host, advertise.port),
    }));
  }

  async metrics(id: string, { signal }: Call): Promise<string | undefined> {
    const { host, metricsPort } = this.find(id);
    try {
      const response = await fetch(`http://${formatAddress(host, metricsPort)}/metrics`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(METRICS_TIMEOUT_MS)]),
      });
      return response.ok ? await response.text() : undefined;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  kill(id: string): Promise<void> {
    return this.supervisor.stopProcess(id, { kill: true });
  }

  stop(id: string): Promise<void> {
    return this.supervisor.stopProcess(id, { kill: false });
  }

  start(id: string): Promise<void> {
    return this.supervisor.startProcess(id);
  }

  async pause(id: string): Promise<void> {
    process.kill(await this.pidOf(id), "SIGSTOP");
  }

  async resume(id: string): Promise<void> {
    const pid = (await this.pids()).get(id);
    if (pid !== undefined) process.kill(pid, "SIGCONT");
  }

  async isolate(machine: string): Promise<void> {
    await networkOf(this.document)?.cutAll(this.waysOf(machine));
  }

  async heal(machine: string): Promise<void> {
    await networkOf(this.document)?.healAll(this.waysOf(machine));
  }

  failDisk(disk: SiteDisk, call: Call): Promise<DiskFault> {
    return this.trouble(disk, { kind: "fails" }, call);
  }

  slowDisk(disk: SiteDisk, delayMs: number, call: Call): Promise<DiskFault> {
    return this.trouble(disk, { kind: "slow", delayMs }, call);
  }

  async emptyDisk(disk: SiteDisk): Promise<void> {
    for (const path of this.pathsOf(disk)) await rm(path, { force: true });
  }

  wipe(id: string, call: Call): Promise<void> {
    return this.lab.wipe(id, call);
  }

  private async trouble(disk: SiteDisk, trouble: DiskTrouble, call: Call): Promise<DiskFault> {
    const place = { pid: await this.pidOf(disk.node), paths: this.pathsOf(disk) };
    return troubleDisk({ clock: this.clock }, place, trouble, call);
  }

  private pathsOf({ node, disk }: SiteDisk): string[] {
    const process = this.document.processes.filter(isStorage).find(({ id }) => id === node);
    const disks = process ? storageDisks(labPaths(this.lab.dir).dataOf(node), process) : [];
    const found = disks.find(({ diskId }) => diskId === disk);
    if (found) return [found.path, ...("mirrorPath" in found ? [found.mirrorPath] : [])];
    throw new SystemError("disk/not-found", `the lab has no disk ${node}/${disk}`);
  }

  private waysOf(machine: string): Way[] {
    const others = this.document.processes.map(({ id }) => id).filter((id) => id !== machine);
    return [...others, OUTSIDE].flatMap((other): Way[] => [
      [machine, other],
      [other, machine],
    ]);
  }

  private find(id: string): LabDocument["processes"][number] {
    const found = this.document.processes.find((process) => process.id === id);
    if (found) return found;
    throw new SystemError("process/not-found", `no process is called "${id}"`);
  }

  private async pids(): Promise<ReadonlyMap<string, number>> {
    const { processes } = await this.supervisor.status();
    return new Map(processes.flatMap(({ id, pid }) => (pid === null ? [] : [[id, pid] as const])));
  }

  private async pidOf(id: string): Promise<number> {
    const pid = (await this.pids()).get(id);
    if (pid !== undefined) return pid;
    throw new SystemError("process/not-found", `${id} does not run`, {
      hint: "start it with `ashlar lab start`",
    });
  }
}
