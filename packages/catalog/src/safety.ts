// Whether something can be stopped now without anybody noticing: a storage node or a disk, a gateway, or a metadata
// member. What speaks against it are hazards: some break something at once, some pass by themselves when the work
// that is under way is done. Pure, and whoever asks says what it sees of those that live; looking at chunks pauses
// often, as plans do.
import { type NodeId, present, type StoreUuid } from "@ashlar/core";
import type { ChunkRow } from "./chunk-row.ts";
import { CHUNKS_PER_PAUSE } from "./copy-plan.ts";
import { CopySizes, type RoomOf } from "./copy-rooms.ts";
import type { CatalogMirror } from "./mirror.ts";
import type { CatalogView } from "./records.ts";
import { type HeldSession, pathsOf } from "./session-plan.ts";
import { livingNodes } from "./silence.ts";

/** By urgency; what each means for who stops it stands in {@link HAZARDS}. */
export const HAZARD_KINDS = [
  "last-copy",
  "last-path",
  "quorum",
  "copy-on-its-way",
  "member-behind",
  "sessions-unknown",
  "copies-missing",
  "copies-moving",
] as const;
export type HazardKind = (typeof HAZARD_KINDS)[number];

/** `breaks`: something ends at once. `passes`: it goes by itself, if nothing else happens. */
export const HAZARDS: Readonly<
  Record<HazardKind, { readonly breaks: boolean; readonly passes: boolean }>
> = {
  /** No other copy in sync of some chunks lives. */
  "last-copy": { breaks: true, passes: false },
  /** A host has no other path to a volume. */
  "last-path": { breaks: true, passes: false },
  /** Too few metadata members would be left. */
  quorum: { breaks: true, passes: false },
  /** As `last-copy`, but another copy is being made, or its node was only not heard for a moment. */
  "copy-on-its-way": { breaks: true, passes: true },
  /** The members that would be left have to catch up first. */
  "member-behind": { breaks: true, passes: true },
  /** The gateways have not told their sessions yet. */
  "sessions-unknown": { breaks: true, passes: true },
  /** Some chunks have fewer copies than they are to have. */
  "copies-missing": { breaks: false, passes: true },
  /** Some chunks have all their copies, and one more is being made. */
  "copies-moving": { breaks: false, passes: true },
};

export interface Hazard {
  readonly kind: HazardKind;
  /** Name of the volume; empty where it is about none. */
  readonly volume: string;
  /** Name of the host, else of its initiator, or of a gateway; empty where it is about none. */
  readonly host: string;
  /** How many chunks; 0 where it is about none. */
  readonly chunks: number;
}

export const VERDICTS = ["SAFE", "WAIT", "WOULD BREAK"] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Safety {
  /** By urgency, then by name. */
  readonly hazards: readonly Hazard[];
  /** Copies that have to be made before it is safe, as far as that is known. */
  readonly copies: number;
  /** What they are taken to hold: the most that has to be copied. */
  readonly bytes: number;
}

/** `WAIT` as long as all that breaks passes by itself. */
export function verdictOf({ hazards }: Pick<Safety, "hazards">): Verdict {
  if (hazards.length === 0) return "SAFE";
  const breaksForGood = hazards.some(({ kind }) => HAZARDS[kind].breaks && !HAZARDS[kind].passes);
  return breaksForGood ? "WOULD BREAK" : "WAIT";
}

/** Whether somebody would notice, if it were stopped now. */
export const breaksNow = ({ hazards }: Pick<Safety, "hazards">): boolean =>
  hazards.some(({ kind }) => HAZARDS[kind].breaks);

export interface Onlooker {
  /** Nodes that the catalog takes for up, and that were not heard lately. */
  readonly unheard: Iterable<NodeId>;
  /** Processes that are about to stop, as they were told they may. */
  readonly leaving: ReadonlySet<NodeId>;
  readonly roomOf: RoomOf;
}

interface Found {
  readonly counts: Map<HazardKind, number>;
  copies: number;
  bytes: number;
}

/** Of these stores. */
export function* judgeStoresInParts(
  view: CatalogMirror,
  stores: ReadonlySet<StoreUuid>,
  { unheard, leaving, roomOf }: Onlooker,
): Generator<void, Safety, undefined> {
  const chunks = view.chunks.frozen();
  const judge = new ChunkSafety(view, stores, { unheard, leaving });
  const sizes = new CopySizes(chunks, roomOf, view.cluster?.chunkSize);
  const volumes = [...view.volumes.values()].map(({ name, family, replicas }) => ({
    name,
    family,
    replicas,
  }));
  const hazards: Hazard[] = [];
  let [copies, bytes] = [0, 0];
  for (const { name, family, replicas } of volumes) {
    const found: Found = { counts: new Map(), copies: 0, bytes: 0 };
    for (let from = 0; from < chunks.rowsOf(family); from += CHUNKS_PER_PAUSE) {
      const visit = (row: ChunkRow): void => count(found, judge.look(row, replicas), row, sizes);
      chunks.scan(family, visit, { from, until: from + CHUNKS_PER_PAUSE });
      yield;
    }
    for (const [kind, counted] of found.counts) {
      hazards.push({ kind, volume: name, host: "", chunks: counted });
    }
    copies += found.copies;
    bytes += found.bytes;
  }
  return { hazards: inOrder(hazards), copies, bytes };
}

function count(found: Found, looked: Looked | undefined, row: ChunkRow, sizes: CopySizes): void {
  if (!looked) return;
  found.counts.set(looked.kind, (found.counts.get(looked.kind) ?? 0) + 1);
  found.copies += looked.copies;
  found.bytes += looked.copies * sizes.needBytes(row);
}

interface Looked {
  readonly kind: HazardKind;
  /** That are being made, or missing. */
  readonly copies: number;
}

/** What becomes of one chunk without some stores. */
class ChunkSafety {
  private readonly stores: ReadonlySet<StoreUuid>;
  private readonly lives: (node: NodeId) => boolean;
  private readonly isUp: (node: NodeId) => boolean;

  constructor(
    view: CatalogMirror,
    stores: ReadonlySet<StoreUuid>,
    { unheard, leaving }: Pick<Onlooker, "unheard" | "leaving">,
  ) {
    this.stores = stores;
    this.lives = livingNodes(view, [...unheard, ...leaving]);
    this.isUp = livingNodes(view, leaving);
  }

  /** Undefined for a chunk that has nothing to do with them, or does without. */
  look(row: ChunkRow, wanted: number): Looked | undefined {
    const { members, isrCount, learnerCount } = row;
    let [has, isHeld, isHeldPerhaps, isInSyncHere] = [false, false, false, false];
    for (let slot = 0; slot < members.length; slot += 1) {
      const { node, storeUuid } = present(members[slot], "within the list");
      const role = row.roleAt(slot);
      if (this.stores.has(storeUuid)) {
        has = true;
        isInSyncHere ||= role === "isr";
        continue;
      }
      isHeld ||= role === "isr" && this.lives(node);
      isHeldPerhaps ||= role !== "out" && this.isUp(node);
    }
    if (!has) return undefined;
    const copies = Math.max(learnerCount, wanted - isrCount, 0);
    if (isInSyncHere && !isHeld) {
      return isHeldPerhaps ? { kind: "copy-on-its-way", copies } : { kind: "last-copy", copies: 0 };
    }
    if (copies === 0) return undefined;
    return { kind: isrCount < wanted ? "copies-missing" : "copies-moving", copies };
  }
}

export interface GatewaySessions {
  readonly gateway: NodeId;
  /** It takes sessions: it is up, not being drained, and not about to stop. */
  readonly open: boolean;
  /** Undefined while they are not known. */
  readonly sessions: readonly HeldSession[] | undefined;
}

/** Of a gateway, by the paths of the hosts that have sessions with it. */
export function judgeGateway(
  view: Pick<CatalogView, "hostOf" | "volumes">,
  gateways: readonly GatewaySessions[],
  gateway: NodeId,
): Safety {
  const own = gateways.find((one) => one.gateway === gateway)?.sessions;
  const others = gateways.filter((one) => one.gateway !== gateway && one.open);
  const unknown = others.filter(({ sessions }) => sessions === undefined);
  const elsewhere = new Set(others.flatMap(({ sessions = [] }) => sessions.map(pathsOf)));
  const sole = new Map(
    (own ?? []).map((session): [string, HeldSession] => [pathsOf(session), session]),
  );
  for (const paths of elsewhere) sole.delete(paths);
  const nameOf = new Map(
    [...view.volumes.values()].map(({ iqn, name }): [string, string] => [iqn, name]),
  );
  const waits = own === undefined ? [gateway] : unknown.map((one) => one.gateway);
  const hazards = [...sole.values()].map(({ initiatorName, targetName }): Hazard => {
    const host = view.hostOf(initiatorName.toLowerCase())?.host ?? initiatorName;
    return { kind: "last-path", volume: nameOf.get(targetName) ?? targetName, host, chunks: 0 };
  });
  const isEarly = waits.length > 0 && (own === undefined || hazards.length > 0);
  if (!isEarly) return { hazards: inOrder(hazards), copies: 0, bytes: 0 };
  // What is not known yet may be the other path: it is told within a second.
  const early = waits.map(
    (host): Hazard => ({
      kind: "sessions-unknown",
      volume: "",
      host,
      chunks: 0,
    }),
  );
  return { hazards: inOrder(early), copies: 0, bytes: 0 };
}

export interface GroupMember {
  readonly id: NodeId;
  readonly votes: boolean;
  /** Heard lately, and not about to stop. */
  readonly lives: boolean;
  /** Entries that it has still to get. */
  readonly lag: number;
}

/** A member with less to catch up with does so while a proposal waits for it. */
export const MEMBER_LAG_MAX = 1024;

/** Of a metadata member: whether the others decide without it. */
export function judgeMember(members: readonly GroupMember[], id: NodeId): Safety {
  const voters = members.filter(({ votes }) => votes);
  const isVoter = voters.some((one) => one.id === id);
  const living = voters.filter((one) => one.id !== id && one.lives);
  const fit = living.filter(({ lag }) => lag <= MEMBER_LAG_MAX);
  const isMajority = (some: readonly GroupMember[]): boolean => some.length > voters.length / 2;
  const clear = { copies: 0, bytes: 0 };
  if (!isVoter || isMajority(fit)) return { hazards: [], ...clear };
  const kind = isMajority(living) ? "member-behind" : "quorum";
  return { hazards: [{ kind, volume: "", host: "", chunks: 0 }], ...clear };
}

const inOrder = (hazards: readonly Hazard[]): readonly Hazard[] =>
  [...hazards].sort(
    (a, b) =>
      HAZARD_KINDS.indexOf(a.kind) - HAZARD_KINDS.indexOf(b.kind) ||
      (nameIn(a) < nameIn(b) ? -1 : 1),
  );

const nameIn = ({ volume, host }: Hazard): string => `${volume};${host}`;
