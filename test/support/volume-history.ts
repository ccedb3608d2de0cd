// The history of users' calls about volume names: when each was made, when it returned, and with what.
import { type ErrorCode, hasCode, MIB, SystemError, type VolumeName, volumeId } from "@ashlar/core";
import type { AdminClient } from "@ashlar/rpc";
import { nodeRandom } from "@ashlar/runtime";
import type { Operation, VolumeNameInput, VolumeNameOutput } from "@ashlar/sim";

export type VolumeCall = VolumeNameInput["kind"];
export const VOLUME_CALLS: readonly VolumeCall[] = ["create", "delete", "get"];
export type RecordedCall = Operation<VolumeNameInput, VolumeNameOutput>;

export interface User {
  readonly label: string;
  /** Lends a client for one call. */
  with<T>(use: (admin: AdminClient) => Promise<T>): Promise<T>;
}

/** What is known of a call that ended with an error, by the error's code. */
const ENDS: Readonly<Partial<Record<ErrorCode, "unknown" | "no-effect">>> = {
  "cluster/unavailable": "unknown",
  "operation/aborted": "unknown",
  "operation/timeout": "unknown",
  "raft/session-expired": "unknown",
  "rpc/deadline": "unknown",
  "rpc/disconnected": "unknown",
  "rpc/unavailable": "unknown",
  // A deletion that waits for nodes: one that was begun may be ended by a later leader.
  "volume/changing": "unknown",
  "volume/not-fenced": "unknown",
  // Of things that the history does not hold: drafts of volumes, and nodes that ping.
  "volume/in-creation": "no-effect",
  "volume/too-few-nodes": "no-effect",
};

export class VolumeHistory {
  /** One that nobody knows the outcome of never returned. */
  readonly operations: RecordedCall[] = [];
  /** Refused calls that left nothing and say nothing about the name. */
  noEffect = 0;
  /** Ends that no call should have. */
  readonly surprises: string[] = [];
  /** Under which name an identity was asked for. */
  private readonly asked = new Map<string, VolumeName>();

  /** Makes a call and notes it. */
  async record(
    user: User,
    { kind, name }: { readonly kind: VolumeCall; readonly name: VolumeName },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const callTime = performance.now();
    const note = (output: VolumeNameOutput | undefined): void => {
      const returnTime = output === undefined ? undefined : performance.now();
      const made = { client: user.label, callTime, input: { kind, name } };
      this.operations.push({ ...made, returnTime, output });
    };
    try {
      note(await user.with((admin) => this.perform(admin, kind, name, { signal })));
    } catch (thrown) {
      const end = endOf(thrown, { signal });
      if (end === "unknown") note(undefined);
      else if (end === "no-effect") this.noEffect += 1;
      else this.surprises.push(`${user.label}: ${kind} ${name}: ${thrown}`);
    }
  }

  /** How often something came of calls of a kind; `undefined` asks for outcomes that nobody knows. */
  count(kind: VolumeCall, output: VolumeNameOutput["kind"] | undefined): number {
    return this.operations.filter(
      (operation) => operation.input.kind === kind && operation.output?.kind === output,
    ).length;
  }

  /** Calls with a known outcome, of the kind that has the fewest. */
  get completed(): number {
    const known = this.operations.filter(({ output }) => output !== undefined);
    const counts = VOLUME_CALLS.map(
      (kind) => known.filter(({ input }) => input.kind === kind).length,
    );
    return Math.min(...counts);
  }

  private async perform(
    admin: AdminClient,
    kind: VolumeCall,
    name: VolumeName,
    options: { readonly signal: AbortSignal },
  ): Promise<VolumeNameOutput> {
    try {
      switch (kind) {
        case "create":
          return await this.create(admin, name, options);
        case "delete":
          await admin.deleteVolume(name, options);
          return { kind: "deleted" };
        case "get":
          return this.found(name, (await admin.getVolume(name, options)).id);
      }
    } catch (thrown) {
      if (hasCode(thrown, "volume/exists") && kind === "create") return { kind: "exists" };
      if (hasCode(thrown, "volume/not-found") && kind !== "create") return { kind: "not-found" };
      throw thrown;
    }
  }

  private async create(
    admin: AdminClient,
    name: VolumeName,
    options: { readonly signal: AbortSignal },
  ): Promise<VolumeNameOutput> {
    const volume = volumeId(nodeRandom.uuid());
    this.asked.set(volume, name);
    try {
      const { id } = await admin.createVolume(
        { volume, name, sizeBytes: MIB, replicas: 1 },
        options,
      );
      if (id !== volume) this.surprises.push(`asked for ${volume} as ${name}, and got ${id}`);
    } catch (thrown) {
      // It was made, and somebody deleted it before the answer was.
      if (!hasCode(thrown, "volume/not-found")) throw thrown;
    }
    return { kind: "created", volume };
  }

  private found(name: VolumeName, volume: string): VolumeNameOutput {
    if (this.asked.get(volume) !== name) {
      this.surprises.push(`${name} is ${volume}, which nobody asked for under this name`);
    }
    return { kind: "found", volume };
  }
}

function endOf(
  thrown: unknown,
  { signal }: { readonly signal: AbortSignal },
): "unknown" | "no-effect" | undefined {
  if (signal.aborted && thrown === signal.reason) return "unknown";
  return thrown instanceof SystemError ? ENDS[thrown.code] : undefined;
}
