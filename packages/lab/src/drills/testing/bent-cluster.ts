// Two gateways before two disks in memory, whose device server can be bent: a test says which answer is to be
// another one, and the drill has to find it. Unbent, it behaves as a cluster does, unit attentions included.
import { MIB, present, volumeId } from "@ashlar/core";
import type { Dial } from "@ashlar/initiator";
import { dialMemory, MemoryDevice, MemoryPortal } from "@ashlar/initiator/testing";
import { type NexusId, noticesFor, type Reservations } from "@ashlar/reservations";
import { nodeClock } from "@ashlar/runtime";
import {
  ACCESS_STATE,
  type CommandResult,
  LogicalUnit,
  type Nexus,
  nexusId,
  type PreparedCommand,
  type ReadyCommand,
  type RequestedAction,
  ScsiTarget,
  SENSE,
} from "@ashlar/scsi";
import { LocalReservations } from "@ashlar/scsi/testing";
import type { Disk, FleetShape } from "../cluster-validation/fleet.ts";
import { SkewedClock } from "./skewed-clock.ts";

export interface Asked {
  /** As the device server names it. */
  readonly name: string;
  readonly cdb: Buffer;
  readonly nexus: Nexus;
  /** Counted from 0, as volumes are. */
  readonly disk: number;
  /** Of the disk, when the command arrived. */
  readonly state: Reservations;
  /** The same at any later time. */
  readonly current: () => Reservations;
  readonly cluster: BentCluster;
}

/** What is not as it should be. */
export interface Bending {
  /** Gives another command, with the rights or the result bent. */
  readonly command?: (command: ReadyCommand, asked: Asked) => ReadyCommand;
  /** What the loss of a session changes in who has registered and reserved. */
  readonly afterLoss?: (state: Reservations, nexus: NexusId) => Reservations;
  /** The second gateway tells of no portal but its own. */
  readonly hiddenPortal?: boolean;
  /** The second gateway has never heard of the second disk. */
  readonly missingDisk?: boolean;
}

/** The command with its result changed. */
export const withResult = (
  command: ReadyCommand,
  change: (result: CommandResult) => CommandResult | Promise<CommandResult>,
): ReadyCommand => ({
  ...command,
  run: async (offer, options) => change(await command.run(offer, options)),
});

/** The command with bytes of its data-in changed; they may be changed in place. */
export const withData = (command: ReadyCommand, change: (data: Buffer) => Buffer): ReadyCommand =>
  withResult(command, (result) => ({
    ...result,
    dataIn: [change(Buffer.concat(result.dataIn))],
  }));

class TellingReservations extends LocalReservations {
  private readonly tell: (before: Reservations, after: Reservations) => void;
  private readonly afterLoss: Bending["afterLoss"];

  constructor(
    tell: (before: Reservations, after: Reservations) => void,
    afterLoss: Bending["afterLoss"],
  ) {
    super({ ports: [1, 2] });
    this.tell = tell;
    this.afterLoss = afterLoss;
  }

  override async change(action: RequestedAction): ReturnType<LocalReservations["change"]> {
    const before = this.current;
    const result = await super.change(action);
    this.tell(before, this.current);
    return result;
  }

  override async nexusLost(nexus: NexusId): Promise<void> {
    if (this.afterLoss) this.current = this.afterLoss(this.current, nexus);
    await super.nexusLost(nexus);
  }
}

class BentTarget extends ScsiTarget {
  readonly reservations: TellingReservations;
  private readonly disk: LogicalUnit;
  private readonly sessions = new Set<Nexus>();
  private readonly bend: (prepared: PreparedCommand, nexus: Nexus, cdb: Buffer) => PreparedCommand;

  constructor(index: number, bending: Bending, cluster: () => BentCluster) {
    const { activeOptimized: state } = ACCESS_STATE;
    super({
      surroundings: {
        targetPorts: () => [1, 2].map((tpgt) => ({ tpgt, state })),
        findUnit: () => undefined,
      },
    });
    this.reservations = new TellingReservations(
      (before, after) => this.tellAll(before, after),
      bending.afterLoss,
    );
    this.bend = (prepared, nexus, cdb) => {
      if (prepared.kind === "refused" || !bending.command) return prepared;
      const { name } = prepared;
      const current = (): Reservations => this.reservations.current;
      const asked = { name, cdb, nexus, disk: index, state: current(), current };
      const bent = bending.command(prepared, { ...asked, cluster: cluster() });
      return { ...prepared, ...bent, permit: () => bent.guard?.permit() };
    };
    const device = new MemoryDevice({ sizeBytes: 8 * MIB });
    const volume = volumeId(`${index + 1}f8fad5b-d9cb-469f-a165-70867728950e`);
    this.disk = new LogicalUnit({ device, volume, reservations: this.reservations });
    this.addUnit(0, this.disk);
  }

  override prepare(nexus: Nexus, lun: number, cdb: Buffer): PreparedCommand {
    return this.bend(super.prepare(nexus, lun, cdb), nexus, cdb);
  }

  override establishNexus(nexus: Nexus, how: { readonly reinstated: boolean }): void {
    this.sessions.add(nexus);
    super.establishNexus(nexus, how);
  }

  override async loseNexus(nexus: Nexus): Promise<void> {
    this.sessions.delete(nexus);
    await super.loseNexus(nexus);
  }

  private tellAll(before: Reservations, after: Reservations): void {
    for (const nexus of this.sessions) {
      for (const notice of noticesFor(before, after, nexusId(nexus))) {
        this.disk.attentions.raiseFor(nexus.name, SENSE[notice]);
      }
    }
  }
}

const diskNamed = (index: number): Disk => ({
  name: `disk-${index + 1}`,
  iqn: `iqn.2026-11.io.ashlar:00000000:disk-${index + 1}`,
  lun: 0,
});

export class BentCluster {
  readonly dial: Dial;
  readonly disks = [diskNamed(0), diskNamed(1)];
  /** Time passes as it does, and more when a bent command says so. */
  readonly clock = new SkewedClock();
  private readonly targets: readonly BentTarget[];

  constructor(bending: Bending = {}) {
    this.targets = this.disks.map((_, index) => new BentTarget(index, bending, () => this));
    const portals = [1, 2].map((tpgt) => this.portal(tpgt, bending));
    this.dial = dialMemory(new Map(portals.map((portal, index) => [index + 1, portal])));
  }

  shape(hosts: number): FleetShape {
    const gateways = [1, 2].map((port) => ({
      name: `gateway-${port}`,
      portal: { host: "memory", port },
    }));
    return { disks: this.disks, gateways, hosts };
  }

  passTime(ms: number): void {
    this.clock.pass(ms);
  }

  private portal(tpgt: number, { missingDisk, hiddenPortal }: Bending): MemoryPortal {
    const [first, second] = this.targets;
    const names = this.disks.map(({ iqn }) => iqn);
    const others = new Map([[names[1] ?? "", present(second, "two disks")]]);
    return new MemoryPortal({
      targetName: names[0] ?? "",
      scsi: present(first, "two disks"),
      ...(!(missingDisk && tpgt === 2) && { others }),
      tpgt,
      addresses: hiddenPortal && tpgt === 2 ? ["memory:2,2"] : ["memory:1,1", "memory:2,2"],
      nowMs: () => nodeClock.nowMs(),
    });
  }
}

/** Blocks of 512 bytes from here on hold files of owners. */
export const FILES_LBA = MIB / 512;
