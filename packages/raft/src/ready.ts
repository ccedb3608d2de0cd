// What the core asks of its host, collected from the state once per turn (see raft.ts for the order of
// work), and the messages to itself that follow when it is done.
import type { RaftCore } from "./core.ts";
import { MESSAGE_VERSION, type Message } from "./messages.ts";
import type { SoftState } from "./raft.ts";
import type { ReadState } from "./read-index.ts";
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type HardState,
  type LogSnapshot,
} from "./types.ts";

export interface Ready {
  /** If it changed. */
  readonly softState: SoftState | undefined;
  /** If it changed; to be written. */
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  /** To be written: the log from the first of them on. */
  readonly entries: readonly Entry[];
  /** To be written, in place of the whole log, and applied. */
  readonly snapshot: LogSnapshot | undefined;
  /** To be applied. */
  readonly committed: readonly Entry[];
  /** To be sent after the writes. */
  readonly messages: readonly Message[];
  /** The log or the vote changed: the write is fsynced. */
  readonly mustSync: boolean;
}

export interface Taken {
  readonly ready: Ready;
  /** To be stepped when everything is done; with asynchronous storage they travel in messages. */
  readonly responses: readonly Message[];
}

export function takeReady(
  core: RaftCore,
  softState: SoftState | undefined,
  hardState: HardState | undefined,
): Taken {
  const { log } = core;
  const allowUnstable = !core.config.asyncStorage;
  const base = {
    softState,
    hardState,
    readStates: core.readStates,
    entries: log.nextUnstable,
    snapshot: log.nextSnapshot,
    committed: log.nextCommitted(allowUnstable),
  };
  const mustSync = base.entries.length > 0 || termOrVoteWritten(core, hardState);
  const taken = core.config.asyncStorage ? asynchronous(core, base) : synchronous(core, base);
  core.syncedVote = core.vote;
  core.syncedTerm = core.term;
  core.messages = [];
  core.afterAppend = [];
  core.readStates = [];
  log.acceptUnstable();
  log.acceptCommitted(base.committed, allowUnstable);
  return { ready: { ...base, mustSync, messages: taken.messages }, responses: taken.responses };
}

type Writes = Omit<Ready, "messages" | "mustSync">;
interface Routed {
  readonly messages: readonly Message[];
  readonly responses: readonly Message[];
}

const termOrVoteWritten = (core: RaftCore, hardState: HardState | undefined): boolean =>
  hardState !== undefined &&
  (hardState.term !== core.syncedTerm || hardState.vote !== core.syncedVote);

function synchronous(core: RaftCore, writes: Writes): Routed {
  const outgoing = core.afterAppend.filter(({ to }) => to !== core.id);
  const own = core.afterAppend.filter(({ to }) => to === core.id);
  return {
    messages: [...core.messages, ...outgoing],
    responses: [...own, ...appendResponse(core, writes), ...applyResponse(core, writes)],
  };
}

function asynchronous(core: RaftCore, writes: Writes): Routed {
  const { hardState, entries, snapshot, committed } = writes;
  const messages: Message[] = [...core.messages];
  const anything =
    entries.length > 0 ||
    hardState !== undefined ||
    snapshot !== undefined ||
    core.afterAppend.length > 0;
  if (anything) {
    messages.push({
      version: MESSAGE_VERSION,
      kind: "storage-append",
      from: core.id,
      to: APPEND_THREAD,
      term: hardState?.term ?? 0,
      hardState,
      entries,
      snapshot,
      responses: [...core.afterAppend, ...appendResponse(core, writes)],
    });
  }
  if (committed.length > 0) {
    messages.push({
      version: MESSAGE_VERSION,
      kind: "storage-apply",
      from: core.id,
      to: APPLY_THREAD,
      term: 0,
      entries: committed,
      responses: applyResponse(core, writes),
    });
  }
  return { messages, responses: [] };
}

/**
 * Names the last entry of the log as it will be when this and all earlier writes are done. In a later
 * term the answer is void: the log may have been overwritten, and be overwritten back, meanwhile.
 */
function appendResponse(core: RaftCore, { snapshot }: Writes): Message[] {
  const { log } = core;
  if (!log.hasUnstableEntries && !log.hasUnstableSnapshot) return [];
  return [
    {
      version: MESSAGE_VERSION,
      kind: "storage-append-response",
      from: APPEND_THREAD,
      to: core.id,
      term: core.term,
      stable: log.hasUnstableEntries ? log.last : undefined,
      snapshot,
    },
  ];
}

function applyResponse(core: RaftCore, { committed }: Writes): Message[] {
  if (committed.length === 0) return [];
  return [
    {
      version: MESSAGE_VERSION,
      kind: "storage-apply-response",
      from: APPLY_THREAD,
      to: core.id,
      term: 0,
      entries: committed,
    },
  ];
}
