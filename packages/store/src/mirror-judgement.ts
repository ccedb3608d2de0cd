// Which members of a mirror pair have all that was ever acknowledged, judged by what lies on them and by what is
// remembered elsewhere. A member that cannot be shown to have it is not read: the copies of its chunks on other nodes
// are worth more than a guess.
import { type ErrorMeta, type StoreUuid, SystemError } from "@ashlar/core";
import type { MirrorEvents } from "./mirror-file.ts";
import type { MirrorLabel } from "./mirror-label.ts";

export type SeenMember =
  /** It cannot be opened or read. */
  | { readonly kind: "missing"; readonly path: string; readonly error: SystemError }
  /** An empty file, or a device that nothing was ever made on. */
  | { readonly kind: "blank"; readonly path: string }
  /** No label: it was never one of a pair. */
  | {
      readonly kind: "store";
      readonly path: string;
      readonly storeUuid: StoreUuid;
      readonly label: MirrorLabel | undefined;
    };

export interface Judgement {
  readonly storeUuid: StoreUuid;
  /** Indexes of those that are read: at least one. The others that are there are written as a whole. */
  readonly current: readonly number[];
  /** Events of the current ones. */
  readonly events: number;
}

const refused = (message: string, meta: ErrorMeta): SystemError =>
  new SystemError("disk/foreign", message, meta);

/**
 * @param remembered events that the pair is known to have had; undefined when nobody remembers.
 * @throws SystemError disk/foreign when no member is known to have everything, or when they are not a pair; the
 *   error of the missing ones when nothing else is there.
 */
export function judgeMembers(
  members: readonly SeenMember[],
  remembered: (store: StoreUuid) => MirrorEvents | undefined,
): Judgement {
  const stores = members.flatMap((member, index) =>
    member.kind === "store" ? [{ ...member, index }] : [],
  );
  const [first] = stores;
  if (!first) throw nothingThere(members);
  const paths = members.map(({ path }) => path);
  const { storeUuid } = first;
  if (stores.some((store) => store.storeUuid !== storeUuid)) {
    throw refused(`${paths.join(" and ")} hold different stores`, {
      paths,
      hint: "check the paths, and empty the one that is to become a mirror of the other",
    });
  }
  const readable = stores.filter(({ label }) => label?.state !== "behind");
  const events = Math.max(-1, ...readable.map(({ label }) => label?.events ?? 0));
  const known = remembered(storeUuid);
  const floor = Math.max(known?.noted ?? 0, ...stores.map(({ label }) => label?.events ?? 0));
  const hint = "bring the other disk back, or retire this one: its chunks have copies elsewhere";
  if (events < floor) {
    const message = `${first.path} is an older member of a mirror: the other one went on without it`;
    throw refused(message, { paths, hint });
  }
  const newest = readable.filter(({ label }) => (label?.events ?? 0) === events);
  const labels = stores.map(({ label }) => label);
  if (events > 0 && known === undefined && !isPair(newest[0]?.label, labels)) {
    const message = `${first.path} is one of a mirror, and nothing tells whether the other one went on without it`;
    throw refused(message, { paths, hint });
  }
  if (newest.length > 1 && newest.some(({ label }) => label?.state !== "both")) {
    throw refused(`${paths.join(" and ")} both went on without the other`, {
      paths,
      hint: "empty the one that is to become a mirror of the other",
    });
  }
  const current = newest.map(({ index }) => index);
  return { storeUuid, current, events };
}

/** Whether the only one that may know more than the newest is there, too, and does not. */
function isPair(
  newest: MirrorLabel | undefined,
  labels: readonly (MirrorLabel | undefined)[],
): boolean {
  if (!newest) return false;
  const { events, partnerEvents } = newest;
  const isPartner = (label: MirrorLabel): boolean =>
    label.state === "behind"
      ? label.events > partnerEvents && label.events <= events
      : label.events === events || label.events === partnerEvents;
  return labels.some((label) => label && label !== newest && isPartner(label));
}

function nothingThere(members: readonly SeenMember[]): SystemError {
  // Where nothing was ever made, a file that is not there is as good as an empty one.
  const isUnmade = (member: SeenMember): boolean => {
    if (member.kind !== "missing" || member.path.startsWith("/dev/")) return false;
    const { errno } = member.error.meta;
    return errno === "ENOENT";
  };
  const isUsable = members.some(({ kind }) => kind === "blank");
  for (const member of members) {
    if (member.kind === "missing" && !(isUsable && isUnmade(member))) return member.error;
  }
  const [path = ""] = members.map((member) => member.path);
  return refused(`${path} holds no chunk store`, { path, isBlank: true });
}
