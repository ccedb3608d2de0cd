// The units of a target as one I_T nexus sees them: not all, perhaps under other numbers, perhaps not to be
// written. What a nexus saw and sees no more is told by a unit attention when it asks for it next, also where
// no unit is left that could hold one.
import type { AccessibleUnit, Nexus, TargetPort, TargetSurroundings, UnitSet } from "./command.ts";
import type { LogicalUnit } from "./logical-unit.ts";
import { SENSE, type Sense } from "./sense.ts";

/** How a unit is shown to a nexus. */
export interface UnitView {
  /** Its number there. */
  readonly lun: number;
  readonly readOnly: boolean;
}

/** Decides by the unit's own number; undefined: the nexus does not see it. */
export type UnitPolicy = (nexus: Nexus, ownLun: number) => UnitView | undefined;

/** Every nexus sees every unit as it is. */
export const OPEN: UnitPolicy = (_nexus, lun) => ({ lun, readOnly: false });

export interface ShownUnit extends UnitView {
  readonly ownLun: number;
  readonly unit: LogicalUnit;
}

export class NexusUnits implements UnitSet {
  private readonly nexus: Nexus;
  private readonly surroundings: TargetSurroundings;
  /** By own number. */
  private readonly shown = new Map<number, ShownUnit>();
  /** Numbers under which a unit was seen, of which the nexus has not been told yet. */
  private readonly gone = new Set<number>();

  constructor(nexus: Nexus, surroundings: TargetSurroundings) {
    this.nexus = nexus;
    this.surroundings = surroundings;
  }

  targetPorts(): readonly TargetPort[] {
    return this.surroundings.targetPorts();
  }

  findUnit(naa: Buffer): AccessibleUnit | undefined {
    for (const shown of this.shown.values()) if (shown.unit.identity.naa.equals(naa)) return shown;
    return this.surroundings.findUnit(naa, this.nexus);
  }

  at(lun: number): ShownUnit | undefined {
    for (const one of this.shown.values()) if (one.lun === lun) return one;
    return undefined;
  }

  luns(): readonly number[] {
    return [...this.shown.values()].map(({ lun }) => lun).sort((a, b) => a - b);
  }

  /** The number under which a unit is seen. */
  lunOf(ownLun: number): number | undefined {
    return this.shown.get(ownLun)?.lun;
  }

  /** What is answered where no unit is: once that it is gone, if one was. */
  takeAbsence(lun: number): Sense {
    return this.gone.delete(lun) ? SENSE.reportedLunsChanged : SENSE.unitNotSupported;
  }

  /**
   * Shows a unit that was not shown before; `first` is what its first command learns.
   * Undefined: this view is of one command, nothing is remembered.
   */
  add(ownLun: number, shown: ShownUnit, first: Sense | undefined): void {
    this.shown.set(ownLun, shown);
    this.gone.delete(shown.lun);
    if (first) shown.unit.attentions.establish(this.nexus.name, first);
  }

  /** The unit is shown as `view` says from now on. */
  change(ownLun: number, unit: LogicalUnit, view: UnitView | undefined): void {
    const before = this.shown.get(ownLun);
    if (!view) {
      this.remove(ownLun);
      return;
    }
    const shown = { ...view, ownLun, unit };
    if (!before) {
      this.add(ownLun, shown, SENSE.reportedLunsChanged);
      return;
    }
    const { attentions } = unit;
    if (before.lun !== view.lun) {
      this.gone.add(before.lun);
      this.gone.delete(view.lun);
      attentions.raiseFor(this.nexus.name, SENSE.reportedLunsChanged);
    }
    if (before.readOnly !== view.readOnly) {
      attentions.raiseFor(this.nexus.name, SENSE.modeParametersChanged);
    }
    this.shown.set(ownLun, shown);
  }

  /** The unit is not seen any more. */
  remove(ownLun: number): void {
    const before = this.shown.get(ownLun);
    if (!before) return;
    this.shown.delete(ownLun);
    this.gone.add(before.lun);
    before.unit.attentions.forget(this.nexus.name);
  }
}
