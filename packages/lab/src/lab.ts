// A whole cluster on one machine: the same processes as on many, under one supervisor, with all
// their files in one folder. Every command works on a folder alone, so it does not matter which
// process started the lab or whether it still runs.
import { resolve } from "node:path";
import { GIB, hasCode, nodeId, SystemError, volumeId, volumeName } from "@ashlar/core";
import { type Clock, nodeClock, nodeRandom, type Random, sleep } from "@ashlar/runtime";
import {
  findSurvivors,
  isAlive,
  isShutDown,
  type SupervisorStatus,
  stampOf,
} from "@ashlar/supervisor";
import { foundOnce } from "./founding.ts";
import { networkOf } from "./isolation.ts";
import {
  createLab,
  findLab,
  inOrder,
  isMetadata,
  type LabDocument,
  type LabProcess,
  type MetadataProcess,
  readLab,
  writeLab,
} from "./lab-file.ts";
import { type MadeFolder, makeLabFolder } from "./lab-folder.ts";
import { labPaths } from "./lab-paths.ts";
import { planLab, planOneMore, refreshPorts } from "./lab-plan.ts";
import { labShape, type UpOptions } from "./lab-shape.ts";
import { type LabReport, reportLab } from "./lab-status.ts";
import { memberAddress, writeConfigs } from "./process-configs.ts";
import { labAdmin, lastLines, untilReady } from "./readiness.ts";
import { requireDispensableProcess } from "./safe-stop.ts";
import { checkSameShape } from "./same-shape.ts";
import { findSupervisor, startSupervisor, supervisorClient } from "./supervisor-start.ts";
import { requireDispensable, wipeData } from "./wiping.ts";

/** The volume that every lab begins with. */
const DEMO_NAME = volumeName("demo");
const DEMO_SIZE = 4 * GIB;
const GONE_POLL_MS = 25;
const KEEP_POLL_MS = 500;
/** Taking a failed lab away must end too: three kinds are stopped in turn, 12 s each at the most. */
const TAKE_AWAY_TIMEOUT_MS = 45_000;

interface Call {
  readonly signal: AbortSignal;
}

export interface LabOptions {
  /** The lab's folder. */
  readonly dir: string;
  /** The ashlar command: `node SCRIPT supervise --config FILE` starts a supervisor. */
  readonly script: string;
}

export interface LabLog {
  readonly id: string;
  readonly path: string;
  readonly lines: readonly string[];
}

export class Lab {
  readonly dir: string;
  private readonly script: string;
  private readonly clock: Clock = nodeClock;
  private readonly random: Random = nodeRandom;

  constructor({ dir, script }: LabOptions) {
    this.dir = resolve(dir);
    this.script = script;
  }

  /**
   * Makes the lab if the folder holds none, starts it and resolves when volumes can be served.
   * Whatever goes wrong at the first up, nothing is left behind.
   * @throws SystemError argument/invalid, config/port-in-use, config/no-space, config/no-network,
   *   lab/exists, lab/running, process/failed.
   */
  async up(options: UpOptions, call: Call): Promise<LabReport> {
    const shape = labShape(options);
    const found = await findLab(this.dir);
    if (found) {
      await this.refuseRunning(found);
      checkSameShape(found, options, shape);
      return this.bringUpAgain(await this.refresh(found), call);
    }
    const folder = await makeLabFolder(this.dir, shape);
    let planned: LabDocument | undefined;
    try {
      planned = await planLab({ random: this.random }, shape, folder);
      await createLab(this.dir, planned);
      return await this.bringUp(planned, call);
    } catch (thrown) {
      await this.takeAway(folder, planned);
      throw thrown;
    }
  }

  /** @throws SystemError lab/not-found, lab/not-running */
  async status(call: Call): Promise<LabReport> {
    const { lab, supervisor } = await this.running();
    return reportLab(this.dir, lab, supervisor, call);
  }

  /**
   * Stops everything in order; data stay, and of an isolated lab the network does not.
   * @throws SystemError lab/not-found, lab/not-running
   */
  async down(call: Call): Promise<void> {
    const lab = await readLab(this.dir);
    let supervisor = await findSupervisor(lab);
    if (!supervisor && findSurvivors(labPaths(this.dir).supervisorState).size > 0) {
      // The supervisor was killed, its processes live: another one takes them over to stop them.
      supervisor = await this.startSupervisor(lab, call);
    }
    if (supervisor) {
      const stamp = stampOf(supervisor.pid);
      await supervisorClient(lab).shutdown();
      while (stamp && isAlive(stamp)) await sleep(this.clock, GONE_POLL_MS, call);
    }
    await networkOf(lab)?.remove();
    if (!supervisor) throw this.notRunning();
  }

  /** Resolves when the lab was shut down; a supervisor that dies is started again. */
  async keep(call: Call): Promise<void> {
    const lab = await readLab(this.dir);
    let supervisor = await findSupervisor(lab);
    for (;;) {
      const stamp = supervisor && stampOf(supervisor.pid);
      while (stamp && isAlive(stamp)) await sleep(this.clock, KEEP_POLL_MS, call);
      // Who shut it down removes the network, too; by now another up may have made it again.
      if (isShutDown(labPaths(this.dir).supervisorState)) return;
      supervisor = await this.startSupervisor(lab, call);
    }
  }

  /** Adds an empty storage node, a metadata member or a gateway; resolves when it serves. */
  async add(kind: LabProcess["kind"], call: Call): Promise<LabProcess> {
    const { lab } = await this.running();
    const added = await planOneMore({ random: this.random }, lab, kind);
    if (isMetadata(added)) await this.expectMember(lab, added, call);
    const grown: LabDocument = { ...lab, processes: inOrder([...lab.processes, added]) };
    await networkOf(grown)?.build();
    await writeLab(this.dir, grown);
    await writeConfigs(this.dir, grown);
    await supervisorClient(lab).reload();
    await untilReady({ clock: this.clock }, this.dir, grown, call);
    return added;
  }

  /**
   * Ends a process and keeps it down; with `ifSafe` only when nobody would notice.
   * @throws SystemError process/not-found, lab/not-running, process/needed
   */
  async stop(
    id: string,
    { kill, ifSafe = false }: { readonly kill: boolean; readonly ifSafe?: boolean },
  ): Promise<void> {
    const { lab } = await this.running();
    if (ifSafe) await requireDispensableProcess(lab, this.find(lab, id));
    await supervisorClient(lab).stopProcess(id, { kill });
  }

  /** Starts a stopped process; resolves when it serves. */
  async start(id: string, call: Call): Promise<void> {
    const { lab } = await this.running();
    await supervisorClient(lab).startProcess(id);
    await untilReady({ clock: this.clock }, this.dir, lab, call);
  }

  /**
   * Removes the data of a storage node or metadata member that is down, so that it comes back empty.
   * @throws SystemError process/not-found, argument/invalid for gateways, node/busy while it runs,
   *   member/needed when the cluster does not do without this metadata member.
   */
  async wipe(id: string, call: Call): Promise<void> {
    const lab = await readLab(this.dir);
    const process = this.find(lab, id);
    if (process.kind === "gateway") {
      throw new SystemError("argument/invalid", `${id} holds no data`, {
        hint: "give a storage node or a metadata member",
      });
    }
    const supervised = (await findSupervisor(lab))?.processes.find((other) => other.id === id);
    const survives = findSurvivors(labPaths(this.dir).supervisorState).has(id);
    if (survives || (supervised && supervised.wanted === "up")) {
      const hint = `stop it first: \`ashlar lab stop ${id} --dir ${this.dir}\``;
      throw new SystemError("node/busy", `${id} runs`, { hint });
    }
    if (isMetadata(process)) await requireDispensable(lab, process, call);
    await wipeData(this.dir, lab, process);
  }

  /** The last lines of each log, or of one. */
  async logs(id: string | undefined, lineCount: number): Promise<LabLog[]> {
    const lab = await readLab(this.dir);
    const known = ["supervisor", ...lab.processes.map((process) => process.id)];
    if (id !== undefined && !known.includes(id)) throw this.unknown(id, known);
    const logs: LabLog[] = [];
    for (const name of id === undefined ? known : [id]) {
      const path = labPaths(this.dir).logOf(name);
      logs.push({ id: name, path, lines: await lastLines(path, lineCount) });
    }
    return logs;
  }

  private async bringUp(planned: LabDocument, call: Call): Promise<LabReport> {
    await networkOf(planned)?.build();
    await writeConfigs(this.dir, planned);
    const lab = await foundOnce({ random: this.random }, this.dir, planned);
    await this.startSupervisor(lab, call);
    await untilReady({ clock: this.clock }, this.dir, lab, call);
    if (lab.stage !== "ready") {
      await this.createDemo(lab, call);
      await writeLab(this.dir, { ...lab, stage: "ready" });
    }
    return this.status(call);
  }

  private async createDemo(lab: LabDocument, call: Call): Promise<void> {
    const admin = labAdmin(lab);
    try {
      const volume = volumeId(this.random.uuid());
      await admin.createVolume({ volume, name: DEMO_NAME, sizeBytes: DEMO_SIZE }, call);
    } catch (thrown) {
      // An earlier first up was killed between the creation and the note of it.
      if (!hasCode(thrown, "volume/exists")) throw thrown;
    } finally {
      admin.close();
    }
  }

  /** The cluster admits no member that it does not expect. */
  private async expectMember(lab: LabDocument, member: MetadataProcess, call: Call): Promise<void> {
    const admin = labAdmin(lab);
    try {
      await admin.addMember({ id: nodeId(member.id), address: memberAddress(member) }, call);
    } finally {
      admin.close();
    }
  }

  /**
   * New ports in place of those that were taken, and no network that a killed supervisor left, unless
   * processes of this lab have them.
   */
  private async refresh(lab: LabDocument): Promise<LabDocument> {
    if (findSurvivors(labPaths(this.dir).supervisorState).size > 0) return lab;
    await networkOf(lab)?.remove();
    const refreshed = await refreshPorts({ random: this.random }, lab);
    await writeLab(this.dir, refreshed);
    return refreshed;
  }

  private async bringUpAgain(lab: LabDocument, call: Call): Promise<LabReport> {
    try {
      return await this.bringUp(lab, call);
    } catch (thrown) {
      await this.downIfRunning();
      throw thrown;
    }
  }

  private async takeAway(folder: MadeFolder, planned: LabDocument | undefined): Promise<void> {
    const found = await findLab(this.dir);
    // Another command was quicker and made its lab here: that one is not ours to take away.
    const ours = found === undefined || found.clusterId === planned?.clusterId;
    if (found && ours) await this.downIfRunning();
    if (planned) await networkOf(planned)?.remove();
    if (!ours) return;
    await folder.remove();
  }

  private async downIfRunning(): Promise<void> {
    try {
      await this.down({ signal: AbortSignal.timeout(TAKE_AWAY_TIMEOUT_MS) });
    } catch (thrown) {
      if (!hasCode(thrown, "lab/not-running")) throw thrown;
    }
  }

  private startSupervisor(lab: LabDocument, call: Call): Promise<SupervisorStatus> {
    return startSupervisor({ clock: this.clock, script: this.script }, this.dir, lab, call);
  }

  private async running(): Promise<{ lab: LabDocument; supervisor: SupervisorStatus }> {
    const lab = await readLab(this.dir);
    const supervisor = await findSupervisor(lab);
    if (!supervisor) throw this.notRunning();
    return { lab, supervisor };
  }

  private async refuseRunning(lab: LabDocument): Promise<void> {
    if (!(await findSupervisor(lab))) return;
    throw new SystemError("lab/running", `the lab in ${this.dir} runs already`, {
      hint: `see \`ashlar lab status --dir ${this.dir}\`; another lab needs another --dir`,
    });
  }

  private find(lab: LabDocument, id: string): LabProcess {
    const process = lab.processes.find((other) => other.id === id);
    if (process) return process;
    throw this.unknown(
      id,
      lab.processes.map((other) => other.id),
    );
  }

  private unknown(id: string, known: readonly string[]): SystemError {
    const hint = `give one of ${known.join(", ")}`;
    return new SystemError("process/not-found", `no process is called "${id}"`, { hint });
  }

  private notRunning(): SystemError {
    return new SystemError("lab/not-running", `the lab in ${this.dir} does not run`, {
      hint: `start it with \`ashlar lab up --dir ${this.dir}\``,
    });
  }
}
