// Reservations of a volume's logical unit. What takes a right away changes in two phases, as all that must not be seen
// half done: whoever is told that another host was shut out relies on it (P11). What takes none away is in force at
// once, and answered when all know of it. What changes nothing is answered at once.
import { present } from "@ashlar/core";
import {
  afterAccessLoss,
  decide,
  initiatorNameOf,
  type NexusId,
  type Outcome,
  onlyWidens,
  type ReservationAction,
} from "@ashlar/reservations";
import { accessOf } from "../access.ts";
import { type CommandOf, done, type Result } from "../command.ts";
import type { CatalogView, GatewayRecord, VolumeChange, VolumeRecord } from "../records.ts";
import type { ReservationOutcome } from "../reservation-codecs.ts";
import type { Step } from "../state.ts";
import { settled } from "./generation.ts";

type Parties = Pick<CatalogView, "gateways" | "hostOf">;
type Shared = Pick<VolumeRecord, "reservations" | "access" | "mappings" | "lun">;

/** What would come of a request now. */
export function decideReservation(
  view: Parties,
  record: Shared,
  action: ReservationAction,
): Outcome {
  const lives = [...view.gateways.values()];
  // With its gateway it has ended, or is to end: nobody would release it any more.
  if (action.kind === "take" && !lives.some((one) => isAlive(one, action.gateway))) {
    return { kind: "fault", fault: "gone" };
  }
  const refusal = strangerRefusal(action, (nexus) => mayUse(view, record, nexus));
  if (refusal) return refusal;
  const tags = new Set(lives.flatMap(({ portals }) => portals.map(({ tpgt }) => tpgt)));
  // Members have gateways in different orders: of arrival, or of a snapshot.
  return decide(record.reservations, action, { ports: [...tags].sort((a, b) => a - b) });
}

/** Whoever lost the volume lost his reservations: a request that was on its way must not make new ones. */
function strangerRefusal(
  action: ReservationAction,
  isLetIn: (nexus: NexusId) => boolean,
): Outcome | undefined {
  if (action.kind === "give") return undefined;
  if (!isLetIn(action.nexus)) return { kind: "fault", fault: "aborted" };
  const movesAway = action.kind === "registerAndMove" && !isLetIn(action.to);
  return movesAway ? { kind: "fault", fault: "invalidParameter" } : undefined;
}

const mayUse = (view: Parties, record: Shared, nexus: NexusId): boolean =>
  accessOf(view, record, initiatorNameOf(nexus)).kind !== "none";

const isAlive = ({ state, incarnation }: GatewayRecord, wanted: number): boolean =>
  state === "up" && incarnation === wanted;

export const outcomeName = (outcome: Outcome): ReservationOutcome =>
  outcome.kind === "fault" ? outcome.fault : outcome.kind;

export function prepareReservation(
  step: Step,
  { volume, action }: CommandOf<"prepareReservation">,
): Result<"prepareReservation"> {
  const record = settled(step, volume);
  if ("code" in record) return record;
  const decided = decideReservation(step.state.view, record, action);
  const outcome = outcomeName(decided);
  if (decided.kind !== "changed") return done({ volume, generation: 0, outcome, inForce: false });
  const generation = record.generation + 1;
  const inForce = onlyWidens(action);
  const next = inForce
    ? { generation, reservations: decided.state }
    : { change: { kind: "reservations", action } as const };
  step.put({ kind: "volume", record: { ...record, ...next } });
  return done({ volume, generation, outcome, inForce });
}

/**
 * The reservations of a record whose change is committed. Decided once more: a gateway may have been lost since. Who may
 * not use the volume any more has none.
 */
export function reservationsAfter(
  { state }: Step,
  record: Shared,
  change: VolumeChange | undefined,
): VolumeRecord["reservations"] {
  if (change?.kind === "access") {
    return afterAccessLoss(record.reservations, (nexus) => mayUse(state.view, record, nexus));
  }
  if (change?.kind !== "reservations") return record.reservations;
  const action = present(change.action, "a member knows the changes it prepared");
  const outcome = decideReservation(state.view, record, action);
  return outcome.kind === "changed" ? outcome.state : record.reservations;
}
