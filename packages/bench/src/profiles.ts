// What is measured. Every workload names its tool: qemu-img drives libiscsi, the initiator of our own
// adds random positions and latencies.
import { KIB, MIB } from "@ashlar/core";

export interface Workload {
  readonly name: string;
  readonly tool: "qemu-img" | "initiator";
  readonly operation: "read" | "write";
  /** Bytes of one operation. */
  readonly size: number;
  /** Operations in flight. */
  readonly depth: number;
  /** Distance of one operation from the next; "random" for the initiator's own choice. */
  readonly step: number | "random";
}

/** qemu-img has no random mode: one MiB and one block further each time meets every chunk. */
const SCATTERED = MIB + 4 * KIB;

const QEMU: readonly Workload[] = [
  qemu("4 KiB write, depth 1", "write", { size: 4 * KIB, depth: 1, step: SCATTERED }),
  qemu("4 KiB write, depth 32", "write", { size: 4 * KIB, depth: 32, step: SCATTERED }),
  qemu("4 KiB read, depth 32", "read", { size: 4 * KIB, depth: 32, step: SCATTERED }),
  qemu("1 MiB sequential write, depth 8", "write", { size: MIB, depth: 8, step: MIB }),
  qemu("1 MiB sequential read, depth 8", "read", { size: MIB, depth: 8, step: MIB }),
];

const OWN: readonly Workload[] = [1, 8, 32].flatMap((depth) =>
  (["write", "read"] as const).map(
    (operation): Workload => ({
      name: `4 KiB random ${operation}, depth ${depth}`,
      tool: "initiator",
      operation,
      size: 4 * KIB,
      depth,
      step: "random",
    }),
  ),
);

function qemu(
  name: string,
  operation: Workload["operation"],
  shape: Pick<Workload, "size" | "depth" | "step">,
): Workload {
  return { name, tool: "qemu-img", operation, ...shape };
}

export interface Profile {
  readonly seconds: number;
  readonly sizeBytes: number;
  readonly workloads: readonly Workload[];
}

export const PROFILES = {
  /** A first look: about a minute. */
  quick: { seconds: 3, sizeBytes: 512 * MIB, workloads: [...QEMU, ...OWN] },
  /** Figures to compare: longer, over more data. */
  full: { seconds: 15, sizeBytes: 1024 * MIB, workloads: [...QEMU, ...OWN] },
  /** Without our own initiator. */
  qemu: { seconds: 5, sizeBytes: 512 * MIB, workloads: QEMU },
  /** Without Debian's tools. */
  own: { seconds: 5, sizeBytes: 512 * MIB, workloads: OWN },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
export const isProfileName = (text: string): text is ProfileName => Object.hasOwn(PROFILES, text);
