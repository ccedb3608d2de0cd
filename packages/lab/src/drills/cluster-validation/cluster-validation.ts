// `ashlar drill cluster-validation`: a rehearsal of the storage tests that validate a Windows failover cluster,
// played by simulated hosts through every pair of gateways. Names of steps are a stable contract.

import type { Dial } from "@ashlar/initiator";
import { type Clock, nodeClock, nodeRandom, type Random } from "@ashlar/runtime";
import { type DrillOptions, runDrill, type Step } from "../drill.ts";
import type { Receipt } from "../receipt.ts";
import { inParallel } from "../step-judge.ts";
import { Fleet, type FleetShape } from "./fleet.ts";
import { connect, mendPaths, type StepContext } from "./step-context.ts";
import { arbitration, multipleArbitration } from "./steps/arbitration.ts";
import { deviceVpd, listDisks, multipath } from "./steps/disks.ts";
import { failover } from "./steps/failover.ts";
import { accessLatency } from "./steps/latency.ts";
import { persistentReservation } from "./steps/persistent-reservation.ts";
import { sessionLoss } from "./steps/session-loss.ts";
import { storageSpaces } from "./steps/storage-spaces.ts";

/** Owners of disks look so often for challengers. */
const DEFENCE_MS = 3_000;

const INITIATOR =
  "Ashlar's own (packages/initiator): simulated hosts, each with one session per disk and gateway";

interface ValidationStep extends Omit<Step, "run"> {
  readonly run: (context: StepContext) => Promise<void>;
}

const connectPaths = async (context: StepContext): Promise<void> => {
  await inParallel(context.fleet.paths.map((path) => connect(context, path)));
};

const STEPS: readonly ValidationStep[] = [
  {
    name: "connect",
    title: "Every host logs in through every gateway",
    isNeeded: true,
    run: connectPaths,
  },
  { name: "list-disks", title: "List Potential Cluster Disks", run: listDisks },
  { name: "device-vpd", title: "Validate SCSI Device Vital Product Data", run: deviceVpd },
  { name: "mpio", title: "Validate Microsoft MPIO-Based Disks", run: multipath },
  { name: "access-latency", title: "Validate Disk Access Latency", run: accessLatency },
  {
    name: "persistent-reservation",
    title: "Validate SCSI-3 Persistent Reservation",
    run: persistentReservation,
  },
  {
    name: "storage-spaces",
    title: "Validate Storage Spaces Persistent Reservation",
    run: storageSpaces,
  },
  { name: "arbitration", title: "Validate Disk Arbitration", run: arbitration },
  {
    name: "multiple-arbitration",
    title: "Validate Multiple Arbitration",
    run: multipleArbitration,
  },
  { name: "failover", title: "Validate Simultaneous Failover", run: failover },
  { name: "session-loss", title: "A lost session keeps its registration", run: sessionLoss },
];
export const VALIDATION_STEPS: readonly string[] = STEPS.map(({ name }) => name);

export interface ValidationOptions extends Omit<DrillOptions, "clock"> {
  readonly defenceMs?: number;
}

export interface ValidationDependencies {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly dial?: Dial;
}

/** Every gateway is one path of every host; the disks may hold nothing that is still wanted. */
export async function validateCluster(
  shape: FleetShape,
  { signal, onStep, defenceMs = DEFENCE_MS }: ValidationOptions,
  { clock = nodeClock, random = nodeRandom, dial }: ValidationDependencies = {},
): Promise<Receipt> {
  const fleet = new Fleet(shape, { clock, random, signal, ...(dial && { dial }) });
  const steps = STEPS.map(({ run, ...step }) => ({
    ...step,
    run: async (judge: StepContext["judge"]): Promise<void> => {
      const context: StepContext = { judge, fleet, clock, random, signal, defenceMs };
      if (!step.isNeeded) await mendPaths(context);
      await run(context);
    },
  }));
  const setting = {
    hosts: shape.hosts,
    gateways: shape.gateways.map(({ name }) => name),
    disks: shape.disks.map(({ name }) => name),
  };
  const drill = { name: "cluster-validation", initiator: INITIATOR, setting, steps };
  try {
    return await runDrill(drill, { clock, signal, ...(onStep && { onStep }) });
  } finally {
    await fleet.close();
  }
}
