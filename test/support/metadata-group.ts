// The metadata group of a lab as a test needs it: who leads, who is in step, and their processes. It
// asks the lab's own clients, which cost a hundredth of a command and need as little as the drills can
// spare.
import { GIB, volumeId, volumeName } from "@ashlar/core";
import { type LabDocument, labAdmin, readLab } from "@ashlar/lab";
import type { ClusterStatus, MemberStatus } from "@ashlar/rpc";
import { nodeRandom } from "@ashlar/runtime";
import { SupervisorClient } from "@ashlar/supervisor";
import { until } from "./tools.ts";

/** Starting a process, joining, catching up: seconds on a busy machine. */
const COMPLETE_DEADLINE_MS = 60_000;

const hasVote = ({ role }: Pick<MemberStatus, "role">): boolean =>
  role === "leader" || role === "follower";

/** Members as `metadata-1 leader up 0`, for comparisons that explain themselves. */
const said = ({ id, role, state, lag }: MemberStatus): string => `${id} ${role} ${state} ${lag}`;

export class MetadataGroup {
  private readonly admin: ReturnType<typeof labAdmin>;
  private readonly supervisor: SupervisorClient;

  private constructor(lab: LabDocument) {
    this.admin = labAdmin(lab);
    this.supervisor = new SupervisorClient({ socketPath: lab.socketPath });
  }

  static async of({ dir }: { readonly dir: string }): Promise<MetadataGroup> {
    return new MetadataGroup(await readLab(dir));
  }

  close(): void {
    this.admin.close();
  }

  /** As the leader tells; waits for one. */
  status(): Promise<ClusterStatus> {
    return this.admin.clusterStatus({ signal: AbortSignal.timeout(COMPLETE_DEADLINE_MS) });
  }

  /** Makes a volume as a command does, in a hundredth of the time. */
  async createVolume(name: string): Promise<void> {
    const volume = volumeId(nodeRandom.uuid());
    const sizeBytes = GIB;
    const signal = AbortSignal.timeout(COMPLETE_DEADLINE_MS);
    await this.admin.createVolume({ volume, name: volumeName(name), sizeBytes }, { signal });
  }

  async leader(): Promise<string> {
    const { metadata } = await this.status();
    const leader = metadata.find(({ role }) => role === "leader");
    if (!leader) throw new Error(`no leader: ${metadata.map(said).join(", ")}`);
    return leader.id;
  }

  /** The number that a member has in the group. */
  async numberOf(id: string): Promise<number> {
    const { metadata } = await this.status();
    return metadata.find((member) => member.id === id)?.member ?? 0;
  }

  async pidOf(id: string): Promise<number> {
    const { processes } = await this.supervisor.status();
    return processes.find((process) => process.id === id)?.pid ?? 0;
  }

  /** Waits until the group is these members, all of them with a vote, heard of and in step. */
  async untilInStep(...ids: string[]): Promise<void> {
    const ask = async (): Promise<string[]> => {
      const { metadata } = await this.status();
      const voters = await this.voters();
      const inStep = metadata
        .filter((one) => hasVote(one) && one.state === "up" && one.lag === 0)
        .filter(({ id }) => voters.has(id));
      return inStep.length < metadata.length ? metadata.map(said) : inStep.map(({ id }) => id);
    };
    const same = (found: string[]): boolean => [...found].sort().join() === [...ids].sort().join();
    await until(`${ids.join(", ")} in step`, COMPLETE_DEADLINE_MS, ask, same);
  }

  /** Who says so itself: a leader has heard of a member that has just died a moment ago. */
  private async voters(): Promise<ReadonlySet<string>> {
    const signal = AbortSignal.timeout(COMPLETE_DEADLINE_MS);
    const answers = await this.admin.askMembers({ signal });
    return new Set(
      answers.flatMap(({ status }) => (status && hasVote(status) ? [status.self] : [])),
    );
  }

  /** Waits until the supervisor has started a killed process again. */
  async untilRestarted(id: string, killedPid: number): Promise<void> {
    const running = (pid: number): boolean => pid !== 0 && pid !== killedPid;
    await until(`${id} restarted`, COMPLETE_DEADLINE_MS, () => this.pidOf(id), running);
  }
}
