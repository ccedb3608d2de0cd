// The host of a load: an initiator, logged in at every portal of a lab to one volume, as the paths that a
// verifier drives. Drills say which one they mean.
import {
  INCIDENT_KINDS,
  type IncidentKind,
  type MultipathDevice,
  openMultipath,
  parsePortal,
  type VerifierPath,
} from "@ashlar/initiator";
import { QemuInitiator } from "./qemu-initiator.ts";
import type { TestLab, VolumeDocument } from "./test-lab.ts";

/** Our own initiator has multipath; QEMU's (libiscsi) has a path of its own at each portal. */
export type InitiatorKind = "own" | "qemu";

export interface LoadHost {
  readonly paths: readonly VerifierPath[];
  /** A path through each portal, for the reading at the end. */
  readBackPaths(): Promise<readonly VerifierPath[]>;
  /** What the initiator had to swallow, by kind, without what every login brings. */
  incidents(): Readonly<Record<string, number>>;
  logout(): Promise<void>;
  /** Ends without a word, for a drill that failed. */
  drop(): Promise<void>;
}

const INITIATOR_NAME = "iqn.2026-11.example:drill";
/** Every path reports this once after its login. */
const EXPECTED: readonly IncidentKind[] = ["unit-attention"];

export function openLoadHost(
  kind: InitiatorKind,
  lab: TestLab,
  volume: VolumeDocument,
): Promise<LoadHost> {
  return kind === "own" ? openOwn(lab, volume) : openQemu(lab, volume);
}

async function openOwn(lab: TestLab, { iqn, lun }: VolumeDocument): Promise<LoadHost> {
  const device: MultipathDevice = await openMultipath({
    portals: lab.portals.map(parsePortal),
    targetName: iqn,
    lun,
    initiatorName: INITIATOR_NAME,
  });
  const paths = [{ name: "both", device: await device.unit() }];
  return {
    paths,
    readBackPaths: () => device.unitsByPath(),
    incidents: () => {
      const { counts } = device.incidents;
      const unexpected = INCIDENT_KINDS.filter((kind) => !EXPECTED.includes(kind));
      return Object.fromEntries(unexpected.map((kind) => [kind, counts[kind]]));
    },
    logout: () => device.logout(),
    drop: async () => device.close(),
  };
}

async function openQemu(lab: TestLab, volume: VolumeDocument): Promise<LoadHost> {
  const urls = lab.portals.map((_, at) => lab.url(volume, at + 1));
  const initiator = await QemuInitiator.login(urls);
  const paths = initiator.devices.map((device, at) => ({ name: `portal ${at + 1}`, device }));
  return {
    paths,
    readBackPaths: async () => paths,
    incidents: () => ({ complaints: initiator.complaints.split("\n").length - 1 }),
    logout: () => initiator.logout(),
    drop: () => initiator.drop(),
  };
}
