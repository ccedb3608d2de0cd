// A compose project as the site of drills: each container is a machine. Killed, it falls silent, and no
// supervisor tells the cluster; its volumes are its disks.
//
// An empty machine is the same container with its volumes emptied. To make container and volumes anew
// would take the variables that the project was started with, which nobody has written down.
import { SystemError } from "@ashlar/core";
import { createAdminClient } from "@ashlar/rpc";
import { formatAddress } from "../../../addresses.ts";
import type {
  DiskFault,
  DrillAdmin,
  DrillSite,
  Inability,
  SiteDisk,
  SitePortal,
  SiteProcess,
} from "../drill-site.ts";
import {
  type Attachment,
  adminAddressesOf,
  engineHost,
  PROJECT_LABEL,
  type ProcessContainer,
  portalsOf,
  processContainers,
} from "./containers.ts";
import { type Docker, docker } from "./docker-command.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** Ports inside every container, as the command `container run` has them. */
const GRPC_PORT = 7_001;
const METRICS_PORT = 7_002;
const METRICS_TIMEOUT_MS = 2_000;
/** Docker's own is shorter than what a role may take to end. */
const STOP_SECONDS = "20";

const NO_DISK_FAULTS: Inability = {
  reason: "an engine cannot make a volume fail",
  hint: "do it in a lab: `ashlar lab up`, and the drill without --compose",
};

export interface ComposeSiteOptions {
  /** Name of the project, as `docker compose ls` shows it. */
  readonly project: string;
  readonly run?: Docker;
  /** Value of DOCKER_HOST. */
  readonly dockerHost?: string | undefined;
}

export class ComposeSite implements DrillSite {
  readonly name: string;
  readonly cannot = { "fail-disk": NO_DISK_FAULTS, "slow-disk": NO_DISK_FAULTS };
  readonly killNote =
    "by SIGKILL to all of its container; nothing of it lives to tell the cluster, as when a machine dies";
  private readonly project: string;
  private readonly run: Docker;
  private readonly host: string;
  private readonly admin: readonly string[];
  /** Networks that machines were taken out of, by container. */
  private readonly detached = new Map<string, readonly Attachment[]>();

  private constructor(
    { project, run = docker, dockerHost }: ComposeSiteOptions,
    containers: readonly ProcessContainer[],
  ) {
    this.project = project;
    this.run = run;
    this.host = engineHost(dockerHost);
    this.admin = adminAddressesOf(containers, GRPC_PORT);
    const nodes = containers.filter(({ kind }) => kind === "storage").length;
    this.name = `compose project ${project}: ${nodes} storage nodes, a container each`;
  }

  /** @throws SystemError drill/impossible without docker, its engine, or containers of the project. */
  static async open(options: ComposeSiteOptions, call: Call): Promise<ComposeSite> {
    const { project, run = docker, dockerHost } = options;
    const containers = await listContainers(run, project, engineHost(dockerHost), call);
    if (containers.length > 0) return new ComposeSite(options, containers);
    throw new SystemError("drill/impossible", `compose project "${project}" has no containers`, {
      hint: "start it with `docker compose up -d`, or name it: `docker compose ls` shows projects",
    });
  }

  openAdmin(): DrillAdmin {
    return createAdminClient({ addresses: this.admin });
  }

  async processes(call: Call): Promise<readonly SiteProcess[]> {
    const containers = await this.containers(call);
    return containers.map(({ kind, id, state }) => ({
      kind,
      id,
      machine: id,
      running: state !== "down",
    }));
  }

  async portals(call: Call): Promise<readonly SitePortal[]> {
    return portalsOf(await this.containers(call));
  }

  async metrics(id: string, call: Call): Promise<string | undefined> {
    const { attachments } = await this.find(id, call);
    const address = attachments.find((one) => one.address !== undefined)?.address;
    if (address === undefined) return undefined;
    try {
      const response = await fetch(`http://${formatAddress(address, METRICS_PORT)}/metrics`, {
        signal: AbortSignal.any([call.signal, AbortSignal.timeout(METRICS_TIMEOUT_MS)]),
      });
      return response.ok ? await response.text() : undefined;
    } catch {
      call.signal.throwIfAborted();
      return undefined;
    }
  }

  async kill(id: string, call: Call): Promise<void> {
    const { state, containerId } = await this.find(id, call);
    if (state === "down") return;
    await this.run(["kill", "--signal", "KILL", containerId], call);
    await this.run(["wait", containerId], call);
  }

  async stop(id: string, call: Call): Promise<void> {
    const { containerId } = await this.find(id, call);
    await this.run(["stop", "--time", STOP_SECONDS, containerId], call);
  }

  async start(id: string, call: Call): Promise<void> {
    const { containerId } = await this.find(id, call);
    await this.run(["start", containerId], call);
  }

  async pause(id: string, call: Call): Promise<void> {
    const { state, containerId } = await this.find(id, call);
    if (state === "down") {
      throw new SystemError("process/not-found", `${id} does not run`, {
        hint: `start it with \`docker start ${containerId.slice(0, 12)}\``,
      });
    }
    if (state !== "paused") await this.run(["pause", containerId], call);
  }

  async resume(id: string, call: Call): Promise<void> {
    const { state, containerId } = await this.find(id, call);
    if (state === "paused") await this.run(["unpause", containerId], call);
  }

  async isolate(machine: string, call: Call): Promise<void> {
    const { containerId, attachments } = await this.find(machine, call);
    const known = this.detached.get(containerId) ?? [];
    // Noted before the first is cut: who is interrupted in between can still heal.
    this.detached.set(containerId, [...known, ...attachments]);
    for (const { network } of fixedFirst(attachments).reverse()) {
      await this.run(["network", "disconnect", network, containerId], call);
    }
  }

  async heal(machine: string, call: Call): Promise<void> {
    const { containerId, attachments } = await this.find(machine, call);
    const present = new Set(attachments.map(({ network }) => network));
    for (const lost of fixedFirst(this.detached.get(containerId) ?? [])) {
      if (present.has(lost.network)) continue;
      const address = lost.fixedAddress ? ["--ip", lost.fixedAddress] : [];
      const aliases = lost.aliases.flatMap((alias) => ["--alias", alias]);
      const place = [lost.network, containerId];
      await this.run(["network", "connect", ...address, ...aliases, ...place], call);
    }
    this.detached.delete(containerId);
  }

  async failDisk(): Promise<DiskFault> {
    throw this.impossible(NO_DISK_FAULTS);
  }

  async slowDisk(): Promise<DiskFault> {
    throw this.impossible(NO_DISK_FAULTS);
  }

  async emptyDisk({ node, disk }: SiteDisk, call: Call): Promise<void> {
    await this.empty(await this.find(node, call), [`/disks/${disk}`], call);
  }

  async wipe(id: string, call: Call): Promise<void> {
    const container = await this.find(id, call);
    // A gateway keeps nothing, and the note of the cluster is not a machine's own.
    if (container.kind === "gateway") return;
    const disks = Number(container.environment.get("ASHLAR_DISKS") ?? 1);
    const folders =
      container.kind === "metadata"
        ? ["/var/lib/ashlar"]
        : Array.from({ length: disks }, (_, index) => `/disks/disk-${index + 1}`);
    await this.empty(container, folders, call);
  }

  /** By a container that is there for just this; the folders themselves are where volumes are mounted. */
  private async empty(
    { id, containerId, imageId, state }: ProcessContainer,
    folders: readonly string[],
    call: Call,
  ): Promise<void> {
    if (state !== "down") {
      throw new SystemError("process/failed", `${id} runs: its data is not taken away under it`, {
        hint: "stop it first",
      });
    }
    const helper = ["run", "--rm", "--network", "none", "--volumes-from", containerId];
    const find = ["--entrypoint", "find", imageId, ...folders, "-mindepth", "1", "-delete"];
    await this.run([...helper, ...find], call);
  }

  private async find(id: string, call: Call): Promise<ProcessContainer> {
    const containers = await this.containers(call);
    const found = containers.find((container) => container.id === id);
    if (found) return found;
    throw new SystemError("process/not-found", `no container runs "${id}"`, {
      hint: `give one of ${containers.map((container) => container.id).join(", ")}`,
    });
  }

  private containers(call: Call): Promise<ProcessContainer[]> {
    return listContainers(this.run, this.project, this.host, call);
  }

  private impossible({ reason, hint }: Inability): SystemError {
    return new SystemError("drill/impossible", `${this.name}: ${reason}`, { hint });
  }
}

/**
 * In the order in which networks are given back, the reverse of that in which they are taken: the one between the
 * processes is never away while another is there that leads outside. A connection begun meanwhile would go that way,
 * from an address where no answer finds it, and be waited for long after the end of the fault.
 */
function fixedFirst(attachments: readonly Attachment[]): Attachment[] {
  const rank = ({ fixedAddress }: Attachment): number => (fixedAddress === undefined ? 1 : 0);
  return [...attachments].sort((one, other) => rank(one) - rank(other));
}

async function listContainers(
  run: Docker,
  project: string,
  host: string,
  call: Call,
): Promise<ProcessContainer[]> {
  const filter = `label=${PROJECT_LABEL}=${project}`;
  const listed = await run(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter], call);
  const ids = listed.split("\n").filter((line) => line !== "");
  if (ids.length === 0) return [];
  return processContainers(await run(["inspect", "--type", "container", ...ids], call), host);
}
