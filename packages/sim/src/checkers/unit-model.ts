// A logical unit that stands alone, as far as persistent reservations go (SPC-4 5.13, 6.15, 6.16): what it would
// answer to one request after the other, and who may read and write then. Written down from the standard once
// more, and not shared with the product: a mistake in one of the two shows. Added is what the standard leaves to
// whoever configures the device: which hosts may use it at all.

/** `host@port`: a host, and the target port that it logged in at. */
export type NexusName = string;
export type Key = string;
export type Rule = "read" | "write";
export type HostAccess = "readWrite" | "readOnly" | "none";

export const NO_KEY: Key = "0".repeat(16);

export const REQUEST_ACTIONS = [
  "register",
  "registerAndIgnoreExistingKey",
  "reserve",
  "release",
  "clear",
  "preempt",
  "preemptAndAbort",
] as const;
export type RequestAction = (typeof REQUEST_ACTIONS)[number];

/** PERSISTENT RESERVE OUT. */
export interface UnitRequest {
  readonly nexus: NexusName;
  readonly action: RequestAction;
  /** RESERVATION KEY. */
  readonly key: Key;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly other: Key;
  readonly type: number;
  /** Of a PREEMPT AND ABORT: what had reached the unit by then is ended by it. */
  readonly calledMs?: number;
}

/** What PERSISTENT RESERVE IN tells; lists are sorted. */
export type UnitReport =
  | { readonly generation: number; readonly keys: readonly Key[] }
  | {
      readonly generation: number;
      readonly held: { readonly key: Key; readonly type: number } | null;
    }
  /** `nexus key type`, the type 0 for who does not hold the reservation. */
  | { readonly generation: number; readonly registrants: readonly string[] };
export type ReportKind = "readKeys" | "readReservation" | "readFullStatus";

export interface UnitState {
  /** PRGENERATION. */
  readonly generation: number;
  /** In the order of their names. */
  readonly registrants: readonly { readonly nexus: NexusName; readonly key: Key }[];
  /** `holder` is undefined when all registrants hold it. */
  readonly held: { readonly type: number; readonly holder: NexusName | undefined } | undefined;
  /** Hosts that may use the unit. */
  readonly access: readonly { readonly host: string; readonly readOnly: boolean }[];
  /** Whose tasks were ended, and when that was asked for last. */
  readonly aborted: readonly { readonly nexus: NexusName; readonly calledMs: number }[];
}

export const UNUSED_UNIT: UnitState = {
  generation: 0,
  registrants: [],
  held: undefined,
  access: [],
  aborted: [],
};

export interface UnitAnswer {
  readonly answer: "done" | "conflict" | "invalid";
  readonly state: UnitState;
}

const WRITE_EXCLUSIVE: ReadonlySet<number> = new Set([1, 5, 7]);
const REGISTRANTS_HAVE_ACCESS: ReadonlySet<number> = new Set([5, 6, 7, 8]);
const ALL_REGISTRANTS_HOLD: ReadonlySet<number> = new Set([7, 8]);

export const hostOf = (nexus: NexusName): string => nexus.slice(0, nexus.indexOf("@"));

const keyOf = ({ registrants }: UnitState, nexus: NexusName): Key | undefined =>
  registrants.find((one) => one.nexus === nexus)?.key;

const holds = ({ held }: UnitState, nexus: NexusName): boolean =>
  held !== undefined && (held.holder === undefined || held.holder === nexus);

/** SPC-4 table 50: whether a reservation leaves a nexus the right to read, or to write. */
export function isAllowed(state: UnitState, nexus: NexusName, rule: Rule): boolean {
  const { held } = state;
  if (!held || (rule === "read" && WRITE_EXCLUSIVE.has(held.type))) return true;
  if (keyOf(state, nexus) === undefined) return false;
  return holds(state, nexus) || REGISTRANTS_HAVE_ACCESS.has(held.type);
}

/** Whether the host of a nexus may use the unit in that way at all. */
export function isMapped({ access }: UnitState, nexus: NexusName, rule: Rule): boolean {
  const found = access.find(({ host }) => host === hostOf(nexus));
  return found !== undefined && (rule === "read" || !found.readOnly);
}

/** Whether a task of the nexus that had reached the unit by then was ended since. */
export const wasAborted = ({ aborted }: UnitState, nexus: NexusName, arrivedMs: number): boolean =>
  aborted.some((one) => one.nexus === nexus && one.calledMs > arrivedMs);

/** A host that loses the unit loses what it had there, as if it had unregistered itself through all ports at once. */
export function withAccess(state: UnitState, host: string, given: HostAccess): UnitState {
  const others = state.access.filter((one) => one.host !== host);
  if (given === "none") {
    const isLeaving = (nexus: NexusName): boolean => hostOf(nexus) === host;
    return withoutRegistrants({ ...state, access: others }, isLeaving);
  }
  const access = [...others, { host, readOnly: given === "readOnly" }];
  return { ...state, access: access.sort((a, b) => (a.host < b.host ? -1 : 1)) };
}

export function reportOf(state: UnitState, what: ReportKind): UnitReport {
  const { generation, registrants, held } = state;
  switch (what) {
    case "readKeys":
      return { generation, keys: registrants.map(({ key }) => key).sort() };
    case "readReservation": {
      if (!held) return { generation, held: null };
      const key = (held.holder !== undefined && keyOf(state, held.holder)) || NO_KEY;
      return { generation, held: { key, type: held.type } };
    }
    case "readFullStatus": {
      const type = (nexus: NexusName): number => (holds(state, nexus) ? (held?.type ?? 0) : 0);
      const lines = registrants.map(({ nexus, key }) => `${nexus} ${key} ${type(nexus)}`);
      return { generation, registrants: lines };
    }
  }
}

export function answerTo(state: UnitState, request: UnitRequest): UnitAnswer {
  const { nexus, action, key } = request;
  const own = keyOf(state, nexus);
  const isNamed = action === "register" ? (own ?? NO_KEY) === key : own === key;
  if (!isNamed && action !== "registerAndIgnoreExistingKey") return { answer: "conflict", state };
  return HANDLERS[action](state, request);
}

const done = (state: UnitState): UnitAnswer => ({ answer: "done", state });
const counted = (state: UnitState): UnitState => ({
  ...state,
  generation: state.generation + 1,
});

const HANDLERS: Readonly<
  Record<RequestAction, (state: UnitState, request: UnitRequest) => UnitAnswer>
> = {
  register,
  registerAndIgnoreExistingKey: register,
  reserve,
  release,
  clear: (state) => done(counted({ ...state, registrants: [], held: undefined })),
  preempt: (state, request) => preempt(state, request).answer,
  preemptAndAbort: (state, request) => {
    const { answer, victims } = preempt(state, request);
    const { calledMs = 0 } = request;
    const kept = state.aborted.filter(({ nexus }) => !victims.includes(nexus));
    const ended = victims.map((nexus) => ({ nexus, calledMs }));
    return { ...answer, state: { ...answer.state, aborted: [...kept, ...ended] } };
  },
};

interface Preemption {
  readonly answer: UnitAnswer;
  /** Whose registrations went. */
  readonly victims: readonly NexusName[];
}

function register(state: UnitState, { nexus, other }: UnitRequest): UnitAnswer {
  if (other === NO_KEY) return done(withoutRegistrants(state, (one) => one === nexus));
  const rest = state.registrants.filter((one) => one.nexus !== nexus);
  const all = [...rest, { nexus, key: other }];
  const registrants = all.sort((a, b) => (a.nexus < b.nexus ? -1 : 1));
  return done(counted({ ...state, registrants }));
}

/** To unregister who is not registered does nothing, and that is no error. */
function withoutRegistrants(state: UnitState, isLeaving: (nexus: NexusName) => boolean): UnitState {
  const { held } = state;
  const registrants = state.registrants.filter(({ nexus }) => !isLeaving(nexus));
  if (registrants.length === state.registrants.length) return state;
  const isFree = held?.holder === undefined ? registrants.length === 0 : isLeaving(held.holder);
  return counted({ ...state, registrants, held: isFree ? undefined : held });
}

function reserve(state: UnitState, { nexus, type }: UnitRequest): UnitAnswer {
  const { held } = state;
  if (held) {
    const isSame = holds(state, nexus) && held.type === type;
    return { answer: isSame ? "done" : "conflict", state };
  }
  return done({ ...state, held: heldAs(type, nexus) });
}

const heldAs = (type: number, nexus: NexusName): UnitState["held"] => ({
  type,
  holder: ALL_REGISTRANTS_HOLD.has(type) ? undefined : nexus,
});

function release(state: UnitState, { nexus, type }: UnitRequest): UnitAnswer {
  if (!state.held || !holds(state, nexus)) return done(state);
  if (state.held.type !== type) return { answer: "invalid", state };
  return done({ ...state, held: undefined });
}

/** SPC-4 5.13.11.2: of the holder the reservation is taken over, of others the registrations go. */
function preempt(state: UnitState, { nexus, other, type }: UnitRequest): Preemption {
  const { held } = state;
  const isOfAll = held !== undefined && held.holder === undefined;
  if (other === NO_KEY && !isOfAll) return { answer: { answer: "invalid", state }, victims: [] };
  const holder = held?.holder === undefined ? undefined : keyOf(state, held.holder);
  const takesOver = isOfAll ? other === NO_KEY : held !== undefined && holder === other;
  const isKnown = state.registrants.some(({ key }) => key === other);
  if (!takesOver && !isKnown) return { answer: { answer: "conflict", state }, victims: [] };
  const gone = state.registrants.filter(
    (one) => one.nexus !== nexus && (other === NO_KEY || one.key === other),
  );
  const registrants = state.registrants.filter((one) => !gone.includes(one));
  const next = { ...state, registrants, held: takesOver ? heldAs(type, nexus) : held };
  return { answer: done(counted(next)), victims: gone.map((one) => one.nexus) };
}

const TEXTS = new WeakMap<UnitState, string>();

/** Equal for equal states. */
export function textOf(state: UnitState): string {
  const known = TEXTS.get(state);
  if (known !== undefined) return known;
  const { generation, registrants, held, access, aborted } = state;
  const names = registrants.map(({ nexus, key }) => `${nexus}=${key}`).join(",");
  const hosts = access.map(({ host, readOnly }) => `${host}${readOnly ? "-" : "+"}`).join(",");
  const holder = held ? `${held.type} ${held.holder ?? ""}` : "";
  const ended = aborted.map(({ nexus, calledMs }) => `${nexus}:${calledMs}`).join(",");
  const text = [generation, names, holder, hosts, ended].join("|");
  TEXTS.set(state, text);
  return text;
}
