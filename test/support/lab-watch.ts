// What a drill on the data path needs to know of a lab while things break: who leads a volume's chunks,
// whether every copy is in sync, and which process is whose. It follows the catalog as a gateway does,
// since a command for each question would cost more than the drill.
import { clusterId } from "@ashlar/core";
import { type LabDocument, readLab } from "@ashlar/lab";
import { type CatalogClient, createCatalogClient } from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";
import { SupervisorClient } from "@ashlar/supervisor";
import { until } from "./tools.ts";

/** Longer than any recovery that a drill waits for on a busy machine. */
const RECOVERY_DEADLINE_MS = 90_000;

export type ChunkConfig = NonNullable<ReturnType<CatalogClient["view"]["chunk"]>>;

export class LabWatch {
  private readonly catalog: ReturnType<typeof createCatalogClient>;
  private readonly supervisor: SupervisorClient;

  private constructor(lab: LabDocument) {
    const metadata = lab.processes.flatMap((one) =>
      one.kind === "metadata" ? [`${one.host}:${one.port}`] : [],
    );
    const ports = { clock: nodeClock, random: nodeRandom, log: silentLog };
    this.catalog = createCatalogClient({ clusterId: clusterId(lab.clusterId), metadata, ...ports });
    this.supervisor = new SupervisorClient({ socketPath: lab.socketPath });
  }

  static async open({ dir }: { readonly dir: string }): Promise<LabWatch> {
    const watch = new LabWatch(await readLab(dir));
    await watch.catalog.start();
    await watch.catalog.ready({ signal: AbortSignal.timeout(RECOVERY_DEADLINE_MS) });
    return watch;
  }

  async close(): Promise<void> {
    await this.catalog.stop();
  }

  /** The chunks of a volume as of now, in order. */
  async chunks(volume: string): Promise<readonly ChunkConfig[]> {
    await this.catalog.catchUp({ signal: AbortSignal.timeout(RECOVERY_DEADLINE_MS) });
    const { view } = this.catalog;
    const record = [...view.volumes.values()].find(({ name }) => name === volume);
    if (!record) throw new Error(`there is no volume ${volume}`);
    return [...view.chunksOf(record.family)];
  }

  /** Who leads the volume's first chunk, and one who follows. */
  async rolesOf(volume: string): Promise<{ readonly primary: string; readonly backup: string }> {
    const [first] = await this.chunks(volume);
    const primary = first?.primary.node ?? "";
    const follower = first?.members.find(({ node, storeUuid }) => {
      return node !== primary && first.isr.includes(storeUuid);
    });
    return { primary, backup: follower?.node ?? "" };
  }

  /** Waits until every copy of the volume is in sync. */
  async untilWhole(volume: string): Promise<void> {
    const missing = async (): Promise<number> =>
      (await this.chunks(volume)).reduce(
        (sum, { members, isr }) => sum + members.length - isr.length,
        0,
      );
    await until(`all copies of ${volume} in sync`, RECOVERY_DEADLINE_MS, missing, (n) => n === 0);
  }

  /** 0 while the process is not running. */
  async pidOf(id: string): Promise<number> {
    const { processes } = await this.supervisor.status();
    return processes.find((process) => process.id === id)?.pid ?? 0;
  }

  async processes(): Promise<readonly string[]> {
    const { processes } = await this.supervisor.status();
    return processes.map(({ id }) => id);
  }

  /** SIGKILL, past the supervisor, which starts it again; resolves when it has. */
  async kill(id: string): Promise<void> {
    const killed = await this.pidOf(id);
    process.kill(killed, "SIGKILL");
    const another = (pid: number): boolean => pid !== 0 && pid !== killed;
    await until(`${id} restarted`, RECOVERY_DEADLINE_MS, () => this.pidOf(id), another);
  }

  async stop(id: string): Promise<void> {
    await this.supervisor.stopProcess(id, { kill: true });
  }

  async start(id: string): Promise<void> {
    await this.supervisor.startProcess(id);
  }
}
