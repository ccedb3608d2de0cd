// The kinds of faults, as a table: what each does once. One that finds nothing to strike says so.
import { KIB, SystemError } from "@ashlar/core";
import type { FaultTargets } from "./fault-targets.ts";

export type FaultName =
  | "killStorage"
  | "killMetadata"
  | "killGateway"
  | "powerStorage"
  | "powerMetadata"
  | "powerGateway"
  | "powerAll"
  | "stopStorage"
  | "stopMetadata"
  | "stopGateway"
  | "slowProcess"
  | "breakConnection"
  | "cutOneWay"
  | "cutBothWays"
  | "isolate"
  | "clog"
  | "slowDisk"
  | "metadataDiskFull"
  | "metadataDiskError"
  | "storageDiskError"
  | "storageDiskLost"
  | "powerAllDiskLost";

export interface FaultKind {
  readonly name: FaultName;
  /** Strikes only when all else is well, and others wait for that. */
  readonly needsQuiet?: boolean;
  /** Times as rare as others; 1 if absent. */
  readonly rarity?: number;
  /** False if there is nothing to strike now. */
  readonly strike: (targets: FaultTargets) => boolean;
}

type Role = "storage" | "metadata" | "gateways";

const kill = (role: Role) => (targets: FaultTargets) => {
  const process = targets.pick(targets.cluster[role]);
  process?.kill();
  return process !== undefined;
};

const cutPower = (role: Role) => (targets: FaultTargets) => {
  const process = targets.pick(targets.cluster[role]);
  process?.cutPower(targets.world.between(100, 6_000));
  return process !== undefined;
};

const stop = (role: Role) => (targets: FaultTargets) => {
  const process = targets.pick(targets.cluster[role]);
  if (!process) return false;
  process.stop();
  targets.during(200, targets.world.pick([700, 2_500, 10_000]), () => process.resume());
  return true;
};

export const FAULT_KINDS: readonly FaultKind[] = [
  { name: "killStorage", strike: kill("storage") },
  { name: "killMetadata", strike: kill("metadata") },
  { name: "killGateway", strike: kill("gateways") },
  { name: "powerStorage", strike: cutPower("storage") },
  { name: "powerMetadata", strike: cutPower("metadata") },
  { name: "powerGateway", strike: cutPower("gateways") },
  {
    name: "powerAll",
    rarity: 2.5,
    strike: ({ cluster, world }) => {
      for (const process of cluster.all) {
        if (process.isAlive) process.cutPower(world.between(100, 4_000));
      }
      return true;
    },
  },
  { name: "stopStorage", strike: stop("storage") },
  { name: "stopMetadata", strike: stop("metadata") },
  { name: "stopGateway", strike: stop("gateways") },
  {
    name: "slowProcess",
    strike: (targets) => {
      const process = targets.pick(targets.cluster.all);
      process?.slowDown(targets.world.between(0.2, 2));
      targets.during(1_000, 6_000, () => process?.slowDown(0));
      return process !== undefined;
    },
  },
  {
    name: "breakConnection",
    strike: ({ cluster, world }) => {
      const { open } = cluster.network;
      if (open.length > 0) world.pick(open).break();
      return open.length > 0;
    },
  },
  {
    name: "cutOneWay",
    strike: (targets) => {
      const { paths } = targets.cluster.network;
      const [from, to] = targets.pair();
      targets.world.note(`${from} is not heard by ${to}`);
      paths.cut(from, to);
      targets.during(300, 8_000, () => paths.heal(from, to));
      return true;
    },
  },
  {
    name: "cutBothWays",
    strike: (targets) => {
      const { paths } = targets.cluster.network;
      const [one, other] = targets.pair();
      targets.world.note(`${one} and ${other} do not hear each other`);
      paths.cut(one, other);
      paths.cut(other, one);
      targets.during(300, 8_000, () => {
        paths.heal(one, other);
        paths.heal(other, one);
      });
      return true;
    },
  },
  {
    name: "isolate",
    rarity: 1.5,
    strike: (targets) => {
      const { network, all } = targets.cluster;
      const { name } = targets.world.pick(all);
      const others = all.filter((process) => process.name !== name);
      targets.world.note(`${name} is cut off`);
      for (const other of others) {
        network.paths.cut(name, other.name);
        network.paths.cut(other.name, name);
      }
      targets.during(300, 10_000, () => {
        for (const other of others) {
          network.paths.heal(name, other.name);
          network.paths.heal(other.name, name);
        }
      });
      return true;
    },
  },
  {
    name: "clog",
    strike: (targets) => {
      const [from, to] = targets.pair();
      targets.cluster.network.paths.clog(from, to, targets.world.between(20, 3_000));
      return true;
    },
  },
  {
    name: "slowDisk",
    strike: (targets) => {
      const { cluster, world } = targets;
      const { disk } = world.pick([...cluster.storage, ...cluster.metadata]);
      const slowMs = world.pick([10, 100, 700]);
      disk.troubles.set("slow", { delayMs: () => world.between(0, slowMs) });
      targets.during(500, 6_000, () => disk.troubles.delete("slow"));
      return true;
    },
  },
  {
    name: "metadataDiskFull",
    strike: (targets) => {
      const process = targets.pick(targets.cluster.metadata);
      if (!process) return false;
      const { disk } = process;
      targets.world.note(`${process.name} has a full disk`);
      disk.sizeBytesMax = disk.usedBytes + targets.world.random.below(4 * KIB);
      targets.during(500, 6_000, () => {
        disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
      });
      return true;
    },
  },
  {
    name: "metadataDiskError",
    rarity: 2,
    strike: (targets) => {
      const process = targets.pick(targets.cluster.metadata);
      if (!process) return false;
      const { troubles } = process.disk;
      const failing = targets.world.pick(["write", "datasync"] as const);
      targets.world.note(`${process.name} fails a ${failing}`);
      troubles.set("failing", {
        failure: (call) => {
          if (call !== failing) return undefined;
          troubles.delete("failing");
          return new SystemError("disk/failed", "EIO", { errno: "EIO" });
        },
      });
      return true;
    },
  },
  {
    name: "storageDiskError",
    needsQuiet: true,
    rarity: 2,
    strike: (targets) => {
      const process = targets.pickExpendable();
      if (!process) return false;
      const failing = targets.world.pick(["write", "datasync"] as const);
      targets.world.note(`${process.name} has a disk that fails each ${failing}`);
      targets.breakDisk(process, failing);
      return true;
    },
  },
  {
    name: "storageDiskLost",
    needsQuiet: true,
    rarity: 2,
    strike: (targets) => {
      const process = targets.pickExpendable();
      if (process) targets.replaceDisk(process);
      return process !== undefined;
    },
  },
  {
    name: "powerAllDiskLost",
    needsQuiet: true,
    rarity: 2,
    strike: (targets) => {
      const process = targets.pickExpendable();
      if (process) targets.blackout(process);
      return process !== undefined;
    },
  },
];
