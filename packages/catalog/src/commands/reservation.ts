// Reservations of a volume's logical unit change in two phases, as all that must not be seen half done: whoever is
// told that another host was shut out relies on it (P11). What changes nothing is answered at once.
import { present } from "@ashlar/core";
import { decide, type Outcome, type ReservationAction } from "@ashlar/reservations";
import { type CommandOf, done, type Result } from "../command.ts";
import type { CatalogView, VolumeChange, VolumeRecord } from "../records.ts";
import type { ReservationOutcome } from "../reservation-codecs.ts";
import type { Step } from "../state.ts";
import { settled } from "./generation.ts";

/** What would come of a request now. */
export function decideReservation(
  { gateways }: Pick<CatalogView, "gateways">,
  { reservations }: VolumeRecord,
  action: ReservationAction,
): Outcome {
  const portals = [...gateways.values()].flatMap((gateway) => gateway.portals);
  return decide(reservations, action, { ports: portals.map(({ tpgt }) => tpgt) });
}

export const outcomeName = (outcome: Outcome): ReservationOutcome =>
  outcome.kind === "fault" ? outcome.fault : outcome.kind;

export function prepareReservation(
  step: Step,
  { volume, action }: CommandOf<"prepareReservation">,
): Result<"prepareReservation"> {
  const record = settled(step, volume);
  if ("code" in record) return record;
  const outcome = outcomeName(decideReservation(step.state.view, record, action));
  if (outcome !== "changed") return done({ volume, generation: 0, outcome });
  step.put({ kind: "volume", record: { ...record, change: { kind: "reservations", action } } });
  return done({ volume, generation: record.generation + 1, outcome });
}

/** The reservations when a change is committed. Decided once more: a gateway may have been lost since. */
export function reservationsAfter(
  { state }: Step,
  record: VolumeRecord,
  change: VolumeChange | undefined,
): VolumeRecord["reservations"] {
  if (change?.kind !== "reservations") return record.reservations;
  const action = present(change.action, "a member knows the changes it prepared");
  const outcome = decideReservation(state.view, record, action);
  return outcome.kind === "changed" ? outcome.state : record.reservations;
}
