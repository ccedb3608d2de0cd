// A SCSI target device: the logical units behind one target name. A command is prepared when it is
// delivered, in the order of the initiator - validated, unit attentions reported - and executed when
// its data-out is there. Whatever fails becomes a status; execute never rejects for an operating
// error. Which units a nexus sees, and whether it may write them, is asked of a policy: when the nexus
// begins, and again whenever the policy may decide otherwise.
import { AssertionError, type OperationOptions, SystemError } from "@ashlar/core";
import type {
  CommandRow,
  DataOutOffer,
  Nexus,
  ReadyCommand,
  TargetSurroundings,
} from "./command.ts";
import { findCommand } from "./command-table.ts";
import { resultOfError } from "./error-sense.ts";
import type { LogicalUnit } from "./logical-unit.ts";
import { NexusUnits, OPEN, type ShownUnit, type UnitPolicy } from "./nexus-units.ts";
import { type Guard, guarded } from "./reservation-guard.ts";
import { nexusId } from "./reservation-port.ts";
import { type CommandResult, checkCondition, Refusal } from "./result.ts";
import { SENSE, type Sense, STATUS } from "./sense.ts";

/** A command that was refused when it was delivered; its data-out is not wanted. */
export interface RefusedCommand {
  readonly kind: "refused";
  readonly name: string;
  readonly result: CommandResult;
}

/** A command that may run, as long as its nexus may do what it does. */
export interface PermittedCommand extends ReadyCommand {
  /** What forbids it now: its unit is not seen there any more, or is not to be written. */
  forbidden(): Sense | undefined;
  /** @throws SystemError when it must not be sent under the state of the volume that is known now. */
  permit(): void;
}

export type PreparedCommand = PermittedCommand | RefusedCommand;

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

function permit(guard: Guard | undefined, forbidden: () => Sense | undefined): void {
  if (forbidden()) throw new SystemError("operation/aborted", "the host may not do this any more");
  guard?.permit();
}

const UNKNOWN = "unknown";
const isRow = (found: CommandRow | Sense): found is CommandRow => "prepare" in found;
const writes = (row: CommandRow): boolean => row.reservation === "write" && !row.leavesMedium;

export interface TargetOptions {
  readonly policy?: UnitPolicy;
  readonly surroundings?: TargetSurroundings;
}

interface Established {
  readonly nexus: Nexus;
  readonly units: NexusUnits;
}

export class ScsiTarget {
  private readonly units = new Map<number, LogicalUnit>();
  private readonly nexuses = new Map<string, Established>();
  private readonly policy: UnitPolicy;
  private readonly surroundings: TargetSurroundings;

  constructor({ policy = OPEN, surroundings = ALONE }: TargetOptions = {}) {
    this.policy = policy;
    this.surroundings = surroundings;
  }

  /** The unit that a nexus sees under a number. */
  unitAt(nexus: Nexus, lun: number): ShownUnit | undefined {
    return this.seenBy(nexus).at(lun);
  }

  /** Whether a nexus sees any unit: one that sees none has no business with those of others. */
  showsAny(nexus: Nexus): boolean {
    return this.seenBy(nexus).luns().length > 0;
  }

  /** The number under which a nexus sees a unit. */
  lunOf(nexus: Nexus, ownLun: number): number | undefined {
    return this.seenBy(nexus).lunOf(ownLun);
  }

  addUnit(ownLun: number, unit: LogicalUnit): void {
    this.units.set(ownLun, unit);
    for (const { nexus, units } of this.nexuses.values()) {
      this.show({ nexus, units }, ownLun, SENSE.powerOn);
    }
    this.raise(SENSE.reportedLunsChanged, ownLun);
  }

  removeUnit(ownLun: number): void {
    for (const { units } of this.nexuses.values()) units.remove(ownLun);
    this.units.delete(ownLun);
    this.raise(SENSE.reportedLunsChanged, ownLun);
  }

  /** A session began: its first command on each unit learns that state may have been lost. */
  establishNexus(nexus: Nexus, { reinstated }: { readonly reinstated: boolean }): void {
    const established = { nexus, units: new NexusUnits(nexus, this.surroundings) };
    this.nexuses.set(nexus.name, established);
    const first = reinstated ? SENSE.nexusLoss : SENSE.powerOn;
    for (const ownLun of this.units.keys()) this.show(established, ownLun, first);
  }

  /** Resolves when nothing is reserved by the nexus alone any more, as it is by RESERVE(6) and (10). */
  async loseNexus(nexus: Nexus): Promise<void> {
    this.nexuses.delete(nexus.name);
    const units = [...this.units.values()];
    for (const unit of units) unit.forgetNexus(nexus.name);
    await Promise.all(units.map(({ reservations }) => reservations.nexusLost(nexusId(nexus))));
  }

  /**
   * Asks the policy anew, and raises the unit attentions of what each nexus sees otherwise than before. Tasks
   * that are forbidden now are the transport's to interrupt.
   */
  reviewAccess(): void {
    for (const { nexus, units } of this.nexuses.values()) {
      for (const [ownLun, unit] of this.units) {
        units.change(ownLun, unit, this.policy(nexus, ownLun));
      }
    }
  }

  /**
   * Tells every nexus, the one that asked included, that a unit, or all, were reset. Aborting the
   * tasks is the transport's work and must be done before.
   */
  reset(ownLun: number | undefined): void {
    for (const [number, unit] of this.units) {
      if (ownLun === undefined || number === ownLun) unit.attentions.raise(SENSE.unitReset);
    }
  }

  /** The list of ports, or the state of one, is another than before. */
  portsChanged(): void {
    for (const unit of this.units.values()) unit.attentions.raise(SENSE.accessStateChanged);
  }

  /** Validates a command; nothing is waited for and no block is touched. */
  prepare(nexus: Nexus, lun: number, cdb: Buffer): PreparedCommand {
    const units = this.seenBy(nexus);
    const shown = units.at(lun);
    const row = findCommand(cdb);
    if (!isRow(row)) return refused(UNKNOWN, shown ? row : units.takeAbsence(lun));
    if (!row.worksWithoutUnit) {
      if (!shown) return refused(row.name, units.takeAbsence(lun));
      const attention = shown.unit.attentions.take(nexus.name);
      if (attention) return refused(row.name, attention);
      if (shown.readOnly && writes(row)) return refused(row.name, SENSE.writeProtected);
    }
    if (asksForAca(row, cdb)) return refused(row.name, SENSE.invalidFieldInCdb);
    const { unit, readOnly = false } = shown ?? {};
    const prepared = row.prepare(cdb, { unit, units, nexus, readOnly });
    if (prepared instanceof Refusal) return refused(row.name, prepared.sense);
    const forbidden = (): Sense | undefined => this.forbids(nexus, lun, { row, unit });
    return { ...prepared, forbidden, permit: () => permit(prepared.guard, forbidden) };
  }

  private forbids(
    nexus: Nexus,
    lun: number,
    { row, unit }: { readonly row: CommandRow; readonly unit: LogicalUnit | undefined },
  ): Sense | undefined {
    if (row.worksWithoutUnit) return undefined;
    const now = this.seenBy(nexus).at(lun);
    if (now?.unit !== unit) return SENSE.unitNotSupported;
    return now?.readOnly && writes(row) ? SENSE.writeProtected : undefined;
  }

  /** A nexus that was never established sees what the policy says, and is told of no change. */
  private seenBy(nexus: Nexus): NexusUnits {
    const established = this.nexuses.get(nexus.name);
    if (established) return established.units;
    const units = new NexusUnits(nexus, this.surroundings);
    for (const ownLun of this.units.keys()) this.show({ nexus, units }, ownLun, undefined);
    return units;
  }

  private show({ nexus, units }: Established, ownLun: number, first: Sense | undefined): void {
    const unit = this.units.get(ownLun);
    const view = this.policy(nexus, ownLun);
    if (unit && view) units.add(ownLun, { ...view, ownLun, unit }, first);
  }

  private raise(sense: Sense, exceptLun: number): void {
    for (const [lun, unit] of this.units) {
      if (lun !== exceptLun) unit.attentions.raise(sense);
    }
  }
}

/**
 * Runs a prepared command. Who lost the right to it meanwhile is told so: a task that was interrupted for
 * that reason ends with the sense that the same command would get now. But BUSY stays BUSY: the sense would say
 * that nothing was done, and of a request on reservations that is not known.
 * @throws AssertionError and nothing else; it ends the process.
 */
export async function executeCommand(
  prepared: PreparedCommand,
  offer: DataOutOffer,
  options: OperationOptions,
): Promise<CommandResult> {
  if (prepared.kind === "refused") return prepared.result;
  const sense = prepared.forbidden();
  if (sense) return checkCondition(sense);
  try {
    return await guarded(prepared.guard, options, () => prepared.run(offer, options));
  } catch (thrown) {
    if (thrown instanceof AssertionError) throw thrown;
    const result = resultOfError(thrown);
    const since = prepared.forbidden();
    return since && result.status !== STATUS.busy ? checkCondition(since) : result;
  }
}
