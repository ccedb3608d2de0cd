// The words of the golden scripts for our messages, entries and states. Only this file knows them.
import { decodeChange, type MemberChange } from "../member-change.ts";
import type { Message, MessageOf } from "../messages.ts";
import type { PeerStatus } from "../raft.ts";
import type { Ready } from "../ready.ts";
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type HardState,
  type LogSnapshot,
  type MemberId,
  NONE,
  type Role,
} from "../types.ts";

export const ROLE: Readonly<Record<Role, string>> = {
  follower: "StateFollower",
  "pre-candidate": "StatePreCandidate",
  candidate: "StateCandidate",
  leader: "StateLeader",
};

const PROGRESS = {
  probe: "StateProbe",
  replicate: "StateReplicate",
  snapshot: "StateSnapshot",
} as const;

const CHANGE: Readonly<Record<MemberChange["kind"], string>> = {
  "add-voter": "v",
  remove: "r",
  update: "u",
  "add-learner": "l",
};

export function parseChanges(input: readonly string[]): MemberChange[] {
  const kinds = new Map(Object.entries(CHANGE).map(([kind, letter]) => [letter, kind]));
  return input
    .flatMap((line) => line.trim().split(/\s+/))
    .filter((word) => word !== "")
    .map((word) => ({
      kind: kinds.get(word[0]!) as MemberChange["kind"],
      id: Number(word.slice(1)),
    }));
}

export const formatProgress = (peer: PeerStatus): string =>
  [
    `${peer.id}: ${PROGRESS[peer.state]} match=${peer.match} next=${peer.next}`,
    ...(peer.isLearner ? ["learner"] : []),
    ...(peer.isPaused ? ["paused"] : []),
    ...(peer.pendingSnapshot > 0 ? [`pendingSnap=${peer.pendingSnapshot}`] : []),
    ...(peer.recentActive ? [] : ["inactive"]),
    ...(peer.inflightCount > 0
      ? [`inflight=${peer.inflightCount}${peer.inflightFull ? "[full]" : ""}`]
      : []),
  ].join(" ");

export function formatEntry({ kind, term, index, data }: Entry): string {
  const name = `${term}/${index}`;
  if (kind === "normal") {
    return `${name} EntryNormal ${JSON.stringify(Buffer.from(data).toString("utf8"))}`;
  }
  const changes = decodeChange(data).changes.map((change) => `${CHANGE[change.kind]}${change.id}`);
  return [name, kind === "config" ? "EntryConfChange" : "EntryConfChangeV2", ...changes].join(" ");
}

export function formatSnapshot({ index, term, membership }: LogSnapshot): string {
  const list = (ids: readonly MemberId[]): string => `[${ids.join(" ")}]`;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = membership;
  return (
    `Index:${index} Term:${term} ConfState:Voters:${list(voters)} ` +
    `VotersOutgoing:${list(votersOutgoing)} Learners:${list(learners)} ` +
    `LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`
  );
}

const formatHardState = ({ term, vote, commit }: HardState): string =>
  `HardState Term:${term}${vote === NONE ? "" : ` Vote:${vote}`} Commit:${commit}`;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines];

export function formatReady(ready: Ready): string[] {
  const { softState, hardState, readStates, entries, snapshot, committed, messages } = ready;
  const lines = [
    ...(softState ? [`Lead:${softState.leader} State:${ROLE[softState.role]}`] : []),
    ...(hardState ? [formatHardState(hardState)] : []),
    ...readStates.map(({ context, index }) => `ReadState ${context} ${index}`),
    ...section("Entries:", entries.map(formatEntry)),
    ...(snapshot ? [`Snapshot ${formatSnapshot(snapshot)}`] : []),
    ...section("CommittedEntries:", committed.map(formatEntry)),
    ...section("Messages:", messages.map(formatMessage)),
  ];
  return lines.length === 0 ? ["<empty Ready>"] : [`Ready MustSync=${ready.mustSync}:`, ...lines];
}

interface Fields {
  readonly name: string;
  readonly log?: string;
  readonly reject?: number;
  readonly commit?: number;
  readonly vote?: number;
  readonly entries?: readonly string[];
  readonly snapshot?: LogSnapshot | undefined;
  readonly responses?: readonly Message[];
}

const FIELDS: { readonly [K in Message["kind"]]: (message: MessageOf<K>) => Fields } = {
  "request-vote": ({ preVote, last }) => ({
    name: preVote ? "MsgPreVote" : "MsgVote",
    log: `${last.term}/${last.index}`,
  }),
  "request-vote-response": ({ preVote, reject }) => ({
    name: preVote ? "MsgPreVoteResp" : "MsgVoteResp",
    ...(reject ? { reject: 0 } : {}),
  }),
  "append-entries": ({ previous, entries, commit }) => ({
    name: "MsgApp",
    log: `${previous.term}/${previous.index}`,
    commit,
    entries: entries.map(formatEntry),
  }),
  "append-entries-response": ({ index, rejected }) => ({
    name: "MsgAppResp",
    log: `${rejected?.term ?? 0}/${index}`,
    ...(rejected ? { reject: rejected.index } : {}),
  }),
  heartbeat: ({ commit }) => ({ name: "MsgHeartbeat", commit }),
  "heartbeat-response": () => ({ name: "MsgHeartbeatResp" }),
  "install-snapshot": ({ snapshot }) => ({ name: "MsgSnap", snapshot }),
  "timeout-now": () => ({ name: "MsgTimeoutNow" }),
  "transfer-leader": () => ({ name: "MsgTransferLeader" }),
  propose: ({ entries }) => ({
    name: "MsgProp",
    entries: entries.map((entry) => formatEntry({ ...entry, version: 1, term: 0, index: 0 })),
  }),
  "read-index": () => ({ name: "MsgReadIndex" }),
  "read-index-response": ({ index }) => ({ name: "MsgReadIndexResp", log: `0/${index}` }),
  "storage-append": ({ hardState, entries, snapshot, responses }) => ({
    name: "MsgStorageAppend",
    commit: hardState?.commit ?? 0,
    vote: hardState?.vote ?? NONE,
    entries: entries.map(formatEntry),
    snapshot,
    responses,
  }),
  "storage-append-response": ({ stable, snapshot }) => ({
    name: "MsgStorageAppendResp",
    log: `${stable?.term ?? 0}/${stable?.index ?? 0}`,
    snapshot,
  }),
  "storage-apply": ({ entries, responses }) => ({
    name: "MsgStorageApply",
    entries: entries.map(formatEntry),
    responses,
  }),
  "storage-apply-response": ({ entries }) => ({
    name: "MsgStorageApplyResp",
    entries: entries.map(formatEntry),
  }),
};

const address = (id: MemberId): string =>
  id === APPEND_THREAD ? "AppendThread" : id === APPLY_THREAD ? "ApplyThread" : String(id);

/** A message on one line; {@link canonicalLines} brings the scripts' longer forms to the same. */
export function formatMessage(message: Message): string {
  const format = FIELDS[message.kind] as (message: Message) => Fields;
  const { name, log, reject, commit, vote, entries, snapshot, responses } = format(message);
  return [
    `${address(message.from)}->${address(message.to)} ${name} Term:${message.term}`,
    `Log:${log ?? "0/0"}`,
    ...(reject === undefined ? [] : [`Rejected (Hint: ${reject})`]),
    ...(commit ? [`Commit:${commit}`] : []),
    ...(vote ? [`Vote:${vote}`] : []),
    ...(entries?.length ? [`Entries:[${entries.join(" ")}]`] : []),
    ...(snapshot ? [`Snapshot: ${formatSnapshot(snapshot)}`] : []),
    ...(responses?.length ? [`Responses:[${responses.map(formatMessage).join(" ")}]`] : []),
  ].join(" ");
}

const LOG_LINE = /^(?:DEBUG|INFO|WARN|ERROR|FATAL) /;
export const isLogLine = (line: string): boolean => LOG_LINE.test(line.trim());

/**
 * A transcript as a list of facts, one a line: without what was logged, indentation, and `ok`;
 * with lists that were spread over lines joined.
 */
export function canonicalLines(transcript: readonly string[]): string[] {
  const lines: string[] = [];
  let open = 0;
  for (const raw of transcript) {
    const line = raw.trim();
    if (line === "" || line === "ok" || isLogLine(line)) continue;
    if (open > 0 || line.startsWith("Snapshot: ")) lines.push(`${lines.pop() ?? ""} ${line}`);
    else lines.push(line);
    // Brackets of quoted data do not count.
    const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, "");
    open += bare.split("[").length - bare.split("]").length;
  }
  return lines.map((line) => line.replace(/\[ /g, "[").replace(/ \]/g, "]").replace(/ +/g, " "));
}
