// What a chunk store is, in sixty lines: a history of events, and the state that follows from any
// prefix of it. A crash keeps a prefix that holds everything acknowledged; commits after the last
// durable batch may be lost, entries never.
import {
  type ChunkId,
  compareLsn,
  EXTENT_SIZE,
  LSN_ZERO,
  type Lsn,
  maxLsn,
  scatterJoin,
} from "@ashlar/core";
import {
  type ExtentCopy,
  type LogEntry,
  type OperationWindow,
  OperationWindows,
} from "@ashlar/replica";

export type StoreEvent =
  | { readonly kind: "append"; readonly chunk: ChunkId; readonly entry: LogEntry }
  | { readonly kind: "commit"; readonly chunk: ChunkId; readonly lsn: Lsn }
  | { readonly kind: "truncate"; readonly chunk: ChunkId; readonly lsn: Lsn }
  | { readonly kind: "promise"; readonly chunk: ChunkId; readonly epoch: number }
  | { readonly kind: "copy"; readonly chunk: ChunkId; readonly copy: ExtentCopy }
  | { readonly kind: "beginResync"; readonly chunk: ChunkId; readonly lsn: Lsn }
  | {
      readonly kind: "setBase";
      readonly chunk: ChunkId;
      readonly lsn: Lsn;
      readonly windows: readonly OperationWindow[];
    }
  | { readonly kind: "endResync"; readonly chunk: ChunkId }
  | { readonly kind: "remove"; readonly chunk: ChunkId };

export interface ModelChunk {
  promisedEpoch: number;
  commit: Lsn;
  entries: LogEntry[];
  resyncFrom: Lsn | undefined;
  readonly content: Buffer;
  windows: OperationWindows;
}

export const emptyChunk = (chunkSize: number): ModelChunk => ({
  promisedEpoch: 0,
  commit: LSN_ZERO,
  entries: [],
  resyncFrom: undefined,
  content: Buffer.alloc(chunkSize),
  windows: new OperationWindows(),
});

export const tailOf = ({ entries, commit }: ModelChunk): Lsn => entries.at(-1)?.lsn ?? commit;

function commitUpTo(state: ModelChunk, lsn: Lsn): void {
  while (state.entries[0] && compareLsn(state.entries[0].lsn, lsn) <= 0) {
    const entry = state.entries.shift();
    if (!entry) return;
    state.commit = entry.lsn;
    state.windows.commit(entry);
    const end = entry.offset + entry.length;
    if (entry.kind === "write") scatterJoin(entry.data).copy(state.content, entry.offset);
    if (entry.kind === "unmap") state.content.fill(0, entry.offset, end);
  }
}

const cut = (state: ModelChunk, lsn: Lsn): void => {
  state.entries = state.entries.filter((entry) => entry.lsn.seq <= lsn.seq);
};

function step(state: ModelChunk, event: StoreEvent): void {
  if (event.kind === "append") state.entries.push(event.entry);
  if (event.kind === "commit") commitUpTo(state, event.lsn);
  if (event.kind === "truncate") cut(state, event.lsn);
  if (event.kind === "promise") state.promisedEpoch = event.epoch;
  if (event.kind === "endResync") state.resyncFrom = undefined;
  if (event.kind === "beginResync") {
    cut(state, state.commit);
    state.resyncFrom = event.lsn;
  }
  if (event.kind === "setBase") {
    if (compareLsn(tailOf(state), event.lsn) < 0) cut(state, state.commit);
    commitUpTo(state, event.lsn);
    if (compareLsn(event.lsn, state.commit) >= 0)
      state.windows = new OperationWindows(event.windows);
    state.commit = maxLsn(state.commit, event.lsn);
  }
  if (event.kind === "copy") {
    const { extent, data } = event.copy;
    const start = extent * EXTENT_SIZE;
    if (data) scatterJoin(data).copy(state.content, start);
    else state.content.fill(0, start, start + EXTENT_SIZE);
  }
}

/** The chunks after the first `count` events. */
export function stateAfter(
  events: readonly StoreEvent[],
  count: number,
  chunkSize: number,
): Map<ChunkId, ModelChunk> {
  const chunks = new Map<ChunkId, ModelChunk>();
  for (const event of events.slice(0, count)) {
    if (event.kind === "remove") {
      chunks.delete(event.chunk);
      continue;
    }
    const state = chunks.get(event.chunk) ?? emptyChunk(chunkSize);
    chunks.set(event.chunk, state);
    step(state, event);
  }
  return chunks;
}
