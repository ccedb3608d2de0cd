// A SCSI target device: the logical units behind one target name. A command is prepared when it is
// delivered, in the order of the initiator - validated, unit attentions reported - and executed when
// its data-out is there. Whatever fails becomes a status; execute never rejects for an operating
// error.
import { AssertionError, type OperationOptions } from "@ashlar/core";
import type {
  CommandRow,
  DataOutOffer,
  Nexus,
  ReadyCommand,
  TargetPort,
  TargetSurroundings,
  UnitSet,
} from "./command.ts";
import { findCommand } from "./command-table.ts";
import { resultOfError } from "./error-sense.ts";
import type { LogicalUnit } from "./logical-unit.ts";
import { guarded } from "./reservation-guard.ts";
import { nexusId } from "./reservation-port.ts";
import { type CommandResult, checkCondition, Refusal } from "./result.ts";
import { SENSE, type Sense } from "./sense.ts";

/** A command that was refused when it was delivered; its data-out is not wanted. */
export interface RefusedCommand {
  readonly kind: "refused";
  readonly name: string;
  readonly result: CommandResult;
}

export type PreparedCommand = ReadyCommand | RefusedCommand;

const refused = (name: string, sense: Sense): RefusedCommand => ({
  kind: "refused",
  name,
  result: checkCondition(sense),
});

/** NORMAL ACA in the control byte: no auto contingent allegiance here (SAM-5 5.2). */
const NACA = 0x04;
const asksForAca = (row: CommandRow, cdb: Buffer): boolean =>
  (cdb.readUInt8(row.usage.length / 2 - 1) & NACA) !== 0;

/** A target that stands alone. */
const ALONE: TargetSurroundings = { targetPorts: () => [], findUnit: () => undefined };

const UNKNOWN = "unknown";
const isRow = (found: CommandRow | Sense): found is CommandRow => "prepare" in found;

export class ScsiTarget implements UnitSet {
  private readonly units = new Map<number, LogicalUnit>();
  private readonly nexuses = new Set<string>();
  private readonly surroundings: TargetSurroundings;

  constructor(surroundings: TargetSurroundings = ALONE) {
    this.surroundings = surroundings;
  }

  targetPorts(): readonly TargetPort[] {
    return this.surroundings.targetPorts();
  }

  findUnit(naa: Buffer, nexus: Nexus): LogicalUnit | undefined {
    for (const unit of this.units.values()) {
      if (unit.identity.naa.equals(naa)) return unit;
    }
    return this.surroundings.findUnit(naa, nexus);
  }

  unit(lun: number): LogicalUnit | undefined {
    return this.units.get(lun);
  }

  luns(): readonly number[] {
    return [...this.units.keys()].sort((a, b) => a - b);
  }

  addUnit(lun: number, unit: LogicalUnit): void {
    this.units.set(lun, unit);
    for (const nexus of this.nexuses) unit.attentions.establish(nexus, SENSE.powerOn);
    this.raise(SENSE.reportedLunsChanged, lun);
  }

  removeUnit(lun: number): void {
    this.units.delete(lun);
    this.raise(SENSE.reportedLunsChanged, lun);
  }

  /** A session began: its first command on each unit learns that state may have been lost. */
  establishNexus(nexus: Nexus, { reinstated }: { readonly reinstated: boolean }): void {
    this.nexuses.add(nexus.name);
    const sense = reinstated ? SENSE.nexusLoss : SENSE.powerOn;
    for (const unit of this.units.values()) unit.attentions.establish(nexus.name, sense);
  }

  /** Resolves when nothing is reserved by the nexus alone any more, as it is by RESERVE(6) and (10). */
  async loseNexus(nexus: Nexus): Promise<void> {
    this.nexuses.delete(nexus.name);
    const units = [...this.units.values()];
    for (const unit of units) unit.forgetNexus(nexus.name);
    await Promise.all(units.map(({ reservations }) => reservations.nexusLost(nexusId(nexus))));
  }

  /**
   * Tells every nexus, the one that asked included, that a unit, or all, were reset. Aborting the
   * tasks is the transport's work and must be done before.
   */
  reset(lun: number | undefined): void {
    for (const [number, unit] of this.units) {
      if (lun === undefined || number === lun) unit.attentions.raise(SENSE.unitReset);
    }
  }

  /** The list of ports, or the state of one, is another than before. */
  portsChanged(): void {
    for (const unit of this.units.values()) unit.attentions.raise(SENSE.accessStateChanged);
  }

  /** Validates a command; nothing is waited for and no block is touched. */
  prepare(nexus: Nexus, lun: number, cdb: Buffer): PreparedCommand {
    const unit = this.units.get(lun);
    const row = findCommand(cdb);
    if (!isRow(row)) return refused(UNKNOWN, unit ? row : SENSE.unitNotSupported);
    if (!row.worksWithoutUnit) {
      if (!unit) return refused(row.name, SENSE.unitNotSupported);
      const attention = unit.attentions.take(nexus.name);
      if (attention) return refused(row.name, attention);
    }
    if (asksForAca(row, cdb)) return refused(row.name, SENSE.invalidFieldInCdb);
    const prepared = row.prepare(cdb, { unit, units: this, nexus });
    return prepared instanceof Refusal ? refused(row.name, prepared.sense) : prepared;
  }

  private raise(sense: Sense, exceptLun: number): void {
    for (const [lun, unit] of this.units) {
      if (lun !== exceptLun) unit.attentions.raise(sense);
    }
  }
}

/** Runs a prepared command. Rejects only with an AssertionError, which ends the process. */
export async function executeCommand(
  prepared: PreparedCommand,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  if (prepared.kind === "refused") return prepared.result;
  try {
    return await guarded(prepared.guard, options, () => prepared.run(offer, options));
  } catch (thrown) {
    if (thrown instanceof AssertionError) throw thrown;
    return resultOfError(thrown);
  }
}
