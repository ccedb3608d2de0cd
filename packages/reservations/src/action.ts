// What hosts ask of a unit's reservations: the service actions of PERSISTENT RESERVE OUT (SPC-4 6.16),
// RESERVE and RELEASE. One function for each says what comes of it, and changes nothing itself.
import { present } from "@ashlar/core";
import { wasAborted } from "./rights.ts";
import {
  ABORTS_KEPT_MAX,
  admitsRegistrants,
  type Holding,
  holds,
  isHeldByAll,
  type NexusId,
  NO_KEY,
  NOTICES_KEPT_MAX,
  type Notice,
  type NoticeKind,
  REGISTRANTS_MAX,
  type Registrant,
  type ReservationKey,
  type Reservations,
  type ReservationType,
  registrationOf,
  sameNexus,
} from "./state.ts";

interface ActionTable {
  /** REGISTER, and REGISTER AND IGNORE EXISTING KEY: `key` is undefined then. */
  register: {
    readonly key: ReservationKey | undefined;
    readonly newKey: ReservationKey;
    readonly allTargetPorts: boolean;
    readonly aptpl: boolean;
  };
  reserve: { readonly key: ReservationKey; readonly type: ReservationType };
  release: { readonly key: ReservationKey; readonly type: ReservationType };
  clear: { readonly key: ReservationKey };
  /** PREEMPT, and PREEMPT AND ABORT. */
  preempt: {
    readonly key: ReservationKey;
    readonly victim: ReservationKey;
    readonly type: ReservationType;
    readonly abort: boolean;
  };
  registerAndMove: {
    readonly key: ReservationKey;
    readonly newKey: ReservationKey;
    readonly unregister: boolean;
    readonly aptpl: boolean;
    readonly to: NexusId;
  };
  /** RESERVE(6) and (10). */
  take: Holding;
  /** RELEASE(6) and (10), and the loss of the session that reserved. */
  give: Holding;
}

export type ActionKind = keyof ActionTable;
export type ReservationAction = {
  [K in ActionKind]: {
    readonly kind: K;
    readonly nexus: NexusId;
    /** Changes of the state that were known when the request came: a PREEMPT AND ABORT since then ended it. */
    readonly seen: number;
  } & ActionTable[K];
}[ActionKind];
type ActionOf<K extends ActionKind> = Extract<ReservationAction, { readonly kind: K }>;

/** Why a request is refused although nothing is reserved against it. */
export const FAULTS = ["invalidRelease", "invalidParameter", "noRoom", "aborted", "gone"] as const;
export type Fault = (typeof FAULTS)[number];

export type Outcome =
  | { readonly kind: "changed"; readonly state: Reservations }
  /** GOOD, and nothing to do. */
  | { readonly kind: "unchanged" }
  /** RESERVATION CONFLICT. */
  | { readonly kind: "conflict" }
  | { readonly kind: "fault"; readonly fault: Fault };

/** What an action needs to know of the target device. */
export interface TargetPorts {
  /**
   * Relative identifiers of all target ports, for registrations through all of them (ALL_TG_PT): each once, and in an
   * order that is the same for all who decide.
   */
  readonly ports: readonly number[];
}

const UNCHANGED: Outcome = { kind: "unchanged" };
const CONFLICT: Outcome = { kind: "conflict" };
const fault = (what: Fault): Outcome => ({ kind: "fault", fault: what });

const GENERATIONS = 2 ** 32;

type Handler<K extends ActionKind> = (
  state: Reservations,
  action: ActionOf<K>,
  target: TargetPorts,
) => Outcome;

const HANDLERS: { readonly [K in ActionKind]: Handler<K> } = {
  register,
  reserve,
  release,
  clear,
  preempt,
  registerAndMove,
  take,
  give,
};

/** What comes of an action; `state` stays as it is. */
export function decide(
  state: Reservations,
  action: ReservationAction,
  target: TargetPorts,
): Outcome {
  const { reserved } = state;
  if (wasAborted(state, action.nexus, action.seen)) return fault("aborted");
  // The two kinds of reservations exclude each other.
  if (reserved && action.kind !== "take" && action.kind !== "give") return CONFLICT;
  const handler = HANDLERS[action.kind] as Handler<ActionKind>;
  return handler(state, action, target);
}

type Part = "aptpl" | "registrants" | "held" | "reserved" | "aborts";

type News = Omit<Notice, "change">;

interface Change extends Partial<Pick<Reservations, Part>> {
  readonly news?: readonly News[];
  /** RESERVE and RELEASE are no news to PRGENERATION (SPC-4 6.15.2). */
  readonly keepsGeneration?: boolean;
}

const changed = (state: Reservations, change: Change): Outcome => ({
  kind: "changed",
  state: withChange(state, change),
});

function withChange(
  state: Reservations,
  { keepsGeneration = false, news = [], ...change }: Change,
): Reservations {
  const generation = keepsGeneration ? state.generation : (state.generation + 1) % GENERATIONS;
  const changes = state.changes + 1;
  const notices = withNews(state.notices, news, changes);
  return { ...state, ...change, notices, generation, changes };
}

const withNews = (
  notices: readonly Notice[],
  news: readonly News[],
  change: number,
): readonly Notice[] =>
  [...notices, ...news.map((one) => ({ ...one, change }))].slice(-NOTICES_KEPT_MAX);

/** A notice for each of them. */
const tell = (kind: NoticeKind, nexuses: readonly NexusId[]): News[] =>
  nexuses.map(({ initiatorPort, targetPort }) => ({ initiatorPort, targetPort, kind }));

const others = (registrants: readonly Registrant[], nexus: NexusId): Registrant[] =>
  registrants.filter((one) => !sameNexus(one, nexus));

const nexusOf = ({ initiatorPort, targetPort }: NexusId): NexusId => ({
  initiatorPort,
  targetPort,
});

/** The registration of who asks, if it is the one that the request names. */
function registered(
  state: Reservations,
  { nexus, key }: { readonly nexus: NexusId; readonly key: ReservationKey },
): Registrant | undefined {
  const found = registrationOf(state, nexus);
  return found?.key === key ? found : undefined;
}

function register(
  state: Reservations,
  action: ActionOf<"register">,
  { ports }: TargetPorts,
): Outcome {
  const { nexus, key, newKey, aptpl } = action;
  const own = registrationOf(state, nexus);
  if (key !== undefined && key !== (own?.key ?? NO_KEY)) return CONFLICT;
  // As if it had come through each of them, but that only this one has to know its key.
  const through = [...new Set([nexus.targetPort, ...(action.allTargetPorts ? ports : [])])];
  const meant = through.map((targetPort) => ({ initiatorPort: nexus.initiatorPort, targetPort }));
  if (newKey === NO_KEY) {
    return own ? changed(state, { ...withoutRegistrants(state, meant), aptpl }) : UNCHANGED;
  }
  const isMeant = (one: NexusId): boolean => meant.some((each) => sameNexus(each, one));
  const registrants = [
    ...state.registrants.map((one) => (isMeant(one) ? { ...one, key: newKey } : one)),
    ...meant.filter((one) => !registrationOf(state, one)).map((one) => ({ ...one, key: newKey })),
  ];
  if (registrants.length > REGISTRANTS_MAX) return fault("noRoom");
  return changed(state, { registrants, aptpl });
}

/** Registrations go, and with that of its holder, or with the last one, what is reserved. */
function withoutRegistrants(
  { registrants, held }: Reservations,
  leaving: readonly NexusId[],
): Pick<Reservations, "registrants" | "held"> & { readonly news: readonly News[] } {
  const leaves = (one: NexusId): boolean => leaving.some((each) => sameNexus(each, one));
  const rest = registrants.filter((one) => !leaves(one));
  const isReleased =
    held !== undefined && (held.holder === undefined ? rest.length === 0 : leaves(held.holder));
  if (!isReleased) return { registrants: rest, held, news: [] };
  const told = admitsRegistrants(held.type) ? rest : [];
  return { registrants: rest, held: undefined, news: tell("reservationsReleased", told) };
}

function reserve(state: Reservations, action: ActionOf<"reserve">): Outcome {
  const own = registered(state, action);
  if (!own) return CONFLICT;
  const { held } = state;
  const { type } = action;
  if (held) return holds(state, own) && held.type === type ? UNCHANGED : CONFLICT;
  const holder = isHeldByAll(type) ? undefined : nexusOf(own);
  return changed(state, { held: { type, holder }, keepsGeneration: true });
}

function release(state: Reservations, action: ActionOf<"release">): Outcome {
  const own = registered(state, action);
  if (!own) return CONFLICT;
  const { held, registrants } = state;
  if (!held || !holds(state, own)) return UNCHANGED;
  if (held.type !== action.type) return fault("invalidRelease");
  const told = admitsRegistrants(held.type) ? others(registrants, own) : [];
  const news = tell("reservationsReleased", told);
  return changed(state, { held: undefined, news, keepsGeneration: true });
}

function clear(state: Reservations, action: ActionOf<"clear">): Outcome {
  const own = registered(state, action);
  if (!own) return CONFLICT;
  const news = tell("reservationsPreempted", others(state.registrants, own));
  return changed(state, { registrants: [], held: undefined, news });
}

function preempt(state: Reservations, action: ActionOf<"preempt">): Outcome {
  const own = registered(state, action);
  if (!own) return CONFLICT;
  const { victim } = action;
  const { held } = state;
  if (held?.holder === undefined) {
    if (victim !== NO_KEY) return removeKey(state, action, own);
    return held ? takeOver(state, action, own) : fault("invalidParameter");
  }
  if (victim === NO_KEY) return fault("invalidParameter");
  const holder = present(registrationOf(state, held.holder), "who holds is registered");
  if (holder.key !== victim) return removeKey(state, action, own);
  return takeOver(state, action, own);
}

/** Registrations with the key go, but that of who asks. */
function removeKey(
  state: Reservations,
  { victim, abort }: ActionOf<"preempt">,
  own: Registrant,
): Outcome {
  const { registrants } = state;
  if (!registrants.some(({ key }) => key === victim)) return CONFLICT;
  const gone = others(registrants, own).filter(({ key }) => key === victim);
  return changed(state, {
    registrants: registrants.filter((one) => !gone.includes(one)),
    news: tell("registrationsPreempted", gone),
    aborts: abort ? withAborts(state, gone) : state.aborts,
  });
}

/** Who asks holds the reservation from now on; of all registrants' one, everybody else goes. */
function takeOver(
  state: Reservations,
  { victim, type, abort }: ActionOf<"preempt">,
  own: Registrant,
): Outcome {
  const { registrants, held } = state;
  const gone = others(registrants, own).filter(({ key }) => victim === NO_KEY || key === victim);
  const rest = registrants.filter((one) => !gone.includes(one));
  const told = held?.type === type ? [] : others(rest, own);
  return changed(state, {
    registrants: rest,
    held: { type, holder: isHeldByAll(type) ? undefined : nexusOf(own) },
    news: [...tell("registrationsPreempted", gone), ...tell("reservationsReleased", told)],
    aborts: abort ? withAborts(state, gone) : state.aborts,
  });
}

function withAborts(state: Reservations, gone: readonly NexusId[]): Reservations["aborts"] {
  const change = state.changes + 1;
  const earlier = state.aborts.filter((one) => !gone.some((each) => sameNexus(each, one)));
  return [...earlier, ...gone.map((one) => ({ ...nexusOf(one), change }))].slice(-ABORTS_KEPT_MAX);
}

function registerAndMove(state: Reservations, action: ActionOf<"registerAndMove">): Outcome {
  const own = registered(state, action);
  if (!own) return CONFLICT;
  const { to, newKey, unregister: leaves, aptpl } = action;
  const { held } = state;
  if (newKey === NO_KEY || sameNexus(to, own)) return fault("invalidParameter");
  if (!held || !holds(state, own) || isHeldByAll(held.type)) return CONFLICT;
  const moved = { ...nexusOf(to), key: newKey };
  const kept = others(leaves ? others(state.registrants, own) : state.registrants, to);
  const registrants = [...kept, moved];
  if (registrants.length > REGISTRANTS_MAX) return fault("noRoom");
  return changed(state, { registrants, aptpl, held: { type: held.type, holder: nexusOf(to) } });
}

/** Without registrations only: SPC-4 5.13.3, with CRH 0. */
function take(state: Reservations, { nexus, gateway, serial }: ActionOf<"take">): Outcome {
  const { reserved, registrants } = state;
  if (registrants.length > 0) return CONFLICT;
  if (reserved && !sameNexus(reserved, nexus)) return CONFLICT;
  if (reserved && sameHolding(reserved, { gateway, serial })) return UNCHANGED;
  return changed(state, {
    reserved: { ...nexusOf(nexus), gateway, serial },
    keepsGeneration: true,
  });
}

const sameHolding = (a: Holding, b: Holding): boolean =>
  a.gateway === b.gateway && a.serial === b.serial;

function give(state: Reservations, action: ActionOf<"give">): Outcome {
  const { reserved, registrants } = state;
  if (reserved && sameNexus(reserved, action.nexus) && sameHolding(reserved, action)) {
    return changed(state, { reserved: undefined, keepsGeneration: true });
  }
  // From another nexus a RELEASE does nothing (SPC-2 7.17.1).
  return registrants.length > 0 ? CONFLICT : UNCHANGED;
}

/** The unit or its target was reset, which all are told anyway. */
export const afterReset = (state: Reservations): Reservations =>
  state.reserved ? withoutReserve(state, []) : state;

/** An incarnation of a gateway is gone: whoever had reserved the unit through it has lost it. */
export const afterGatewayLoss = (state: Reservations, incarnation: number): Reservations =>
  state.reserved?.gateway === incarnation
    ? withoutReserve(state, tell("reservationsReleased", [state.reserved]))
    : state;

/**
 * Some may not use the unit any more, of which the standards know nothing: what they have reserved is free, and they are
 * not registered. To the others it is as if those had unregistered themselves; to one whom his gateway lets in again
 * before it has heard of this, he was pre-empted.
 */
export function afterAccessLoss(
  state: Reservations,
  mayUse: (nexus: NexusId) => boolean,
): Reservations {
  const { registrants, reserved } = state;
  const leaving = registrants.filter((one) => !mayUse(one));
  const rest =
    reserved && !mayUse(reserved)
      ? withoutReserve(state, tell("reservationsReleased", [reserved]))
      : state;
  if (leaving.length === 0) return rest;
  const { news, ...without } = withoutRegistrants(rest, leaving);
  return withChange(rest, {
    ...without,
    news: [...tell("registrationsPreempted", leaving), ...news],
  });
}

const withoutReserve = (state: Reservations, news: readonly News[]): Reservations =>
  withChange(state, { reserved: undefined, news, keepsGeneration: true });

/**
 * Whether an action takes no right away from anybody: then it may be seen before all know of it. Keys by themselves
 * give no right.
 */
export const onlyWidens = (action: ReservationAction): boolean =>
  action.kind === "release" ||
  action.kind === "clear" ||
  action.kind === "give" ||
  (action.kind === "register" && action.newKey !== NO_KEY);
