// Volume names as the metadata service offers them: under each name lies one volume or none. Names do not
// touch each other, so each is checked alone.
//
// Whoever creates a volume may not learn its id; then the first who sees it fixes it. An id never comes back
// after its volume was deleted, not even under the same name.
import type { History, Model, Operation, StepResult } from "./model.ts";

export interface VolumeNameInput {
  readonly kind: "create" | "delete" | "get";
  readonly name: string;
}

export type VolumeNameOutput =
  /** Of create; the id if it was told. */
  | { readonly kind: "created"; readonly volume?: string }
  /** Of create. */
  | { readonly kind: "exists" }
  /** Of delete. */
  | { readonly kind: "deleted" }
  /** Of get. */
  | { readonly kind: "found"; readonly volume: string }
  /** Of delete and get. */
  | { readonly kind: "not-found" };

export interface VolumeNameState {
  /** Undefined if there is no volume of this name. */
  readonly volume: { readonly id: string | undefined } | undefined;
  /** Ids that lay under this name before, sorted. */
  readonly former: readonly string[];
}

type NameOperation = Operation<VolumeNameInput, VolumeNameOutput>;
type Step = (
  state: VolumeNameState,
  output: VolumeNameOutput | undefined,
) => StepResult<VolumeNameState>;

const REFUSED = { ok: false } as const;
const accepted = (state: VolumeNameState) => ({ ok: true, state }) as const;

export const VOLUME_NAMES: Model<VolumeNameState, VolumeNameInput, VolumeNameOutput> = {
  initial: () => ({ volume: undefined, former: [] }),
  step: (state, { kind }, output) => STEPS[kind](state, output),
  key: ({ volume, former }) => JSON.stringify([volume === undefined ? 0 : [volume.id], former]),
  partition: (history) => byName(history),
};

const STEPS: Readonly<Record<VolumeNameInput["kind"], Step>> = {
  create: (state, output) => {
    switch (output?.kind) {
      case "created":
        return state.volume === undefined ? holding(state, output.volume) : REFUSED;
      case "exists":
        return state.volume === undefined ? REFUSED : accepted(state);
      case undefined:
        return state.volume === undefined ? holding(state, undefined) : accepted(state);
      default:
        return REFUSED;
    }
  },
  delete: (state, output) => {
    switch (output?.kind) {
      case "deleted":
        return state.volume === undefined ? REFUSED : accepted(emptied(state));
      case "not-found":
        return state.volume === undefined ? accepted(state) : REFUSED;
      case undefined:
        return accepted(emptied(state));
      default:
        return REFUSED;
    }
  },
  get: (state, output) => {
    switch (output?.kind) {
      case "found": {
        if (state.volume === undefined) return REFUSED;
        const { id = output.volume } = state.volume;
        return id === output.volume ? holding(state, id) : REFUSED;
      }
      case "not-found":
        return state.volume === undefined ? accepted(state) : REFUSED;
      case undefined:
        return accepted(state);
      default:
        return REFUSED;
    }
  },
};

function holding({ former }: VolumeNameState, id: string | undefined): StepResult<VolumeNameState> {
  if (id !== undefined && former.includes(id)) return REFUSED;
  return accepted({ volume: { id }, former });
}

function emptied(state: VolumeNameState): VolumeNameState {
  const id = state.volume?.id;
  const former = id === undefined ? state.former : [...state.former, id].sort();
  return { volume: undefined, former };
}

function byName(
  history: readonly NameOperation[],
): readonly History<VolumeNameInput, VolumeNameOutput>[] {
  const parts = new Map<string, NameOperation[]>();
  for (const operation of history) {
    const { name } = operation.input;
    const part = parts.get(name) ?? [];
    parts.set(name, part);
    part.push(operation);
  }
  return [...parts.values()];
}
