// P11: RESERVATION CONFLICT is never told falsely. A host that hears it gives the disk up, so some reservation
// must have stood against the command at a moment between question and answer; and these moments, all together,
// must fit the order of what else was told of the reservations.
import { checkUnit, type UnitOperation } from "./unit-register.ts";

export const checkConflicts = (operations: readonly UnitOperation[]): void =>
  checkUnit(operations, "P11: conflicts");
