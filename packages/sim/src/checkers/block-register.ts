// P6, and with it P1, P13, P14 and P17 as hosts see them: every block of a volume is a linearizable
// register, over all gateways and paths. Stamps are unique, so what was read names the write it came from.
import type { History, Model, Operation, StepResult } from "../linearizability/model.ts";

export interface BlockInput {
  /** Of one volume's block; registers do not touch each other. */
  readonly register: string;
  readonly kind: "read" | "write" | "swap";
  /** What a swap wants to find. */
  readonly expected: number;
  /** What a write or a swap leaves there. */
  readonly stamp: number;
}

export type BlockOutput =
  | { readonly kind: "read"; readonly stamp: number }
  | { readonly kind: "written" }
  /** Of a swap: something else was there. */
  | { readonly kind: "miscompared" };

export type BlockOperation = Operation<BlockInput, BlockOutput>;

const refused = { ok: false } as const;
const holds = (state: number): StepResult<number> => ({ ok: true, state });

type Step = (
  state: number,
  input: BlockInput,
  output: BlockOutput | undefined,
) => StepResult<number>;

const STEPS: Readonly<Record<BlockInput["kind"], Step>> = {
  read: (state, _, output) =>
    output?.kind === "read" && output.stamp !== state ? refused : holds(state),
  write: (_, { stamp }) => holds(stamp),
  swap: (state, { expected, stamp }, output) => {
    const found = state === expected;
    if (output?.kind === "written") return found ? holds(stamp) : refused;
    if (output?.kind === "miscompared") return found ? refused : holds(state);
    return holds(found ? stamp : state);
  },
};

export const BLOCK_REGISTER: Model<number, BlockInput, BlockOutput> = {
  initial: () => 0,
  step: (state, input, output) => STEPS[input.kind](state, input, output),
  key: (state) => String(state),
  partition: (history) => byRegister(history),
};

/** In the place of stamps that nobody told apart from others. */
export const UNSEEN = -1;

function byRegister(
  history: readonly BlockOperation[],
): readonly History<BlockInput, BlockOutput>[] {
  const parts = new Map<string, BlockOperation[]>();
  for (const operation of history) {
    const { register } = operation.input;
    const part = parts.get(register) ?? [];
    parts.set(register, part);
    part.push(operation);
  }
  return [...parts.values()].map(withoutUnseen);
}

/**
 * Unanswered operations whose stamp was never read nor expected are left out: they may be placed nowhere. A
 * miscompare may have met any of them, but not told which: then all leave the same, so that the search tries
 * one of them and not each.
 */
function withoutUnseen(part: readonly BlockOperation[]): readonly BlockOperation[] {
  const seen = new Set<number>();
  let miscompares = false;
  for (const { input, output } of part) {
    if (output?.kind === "read") seen.add(output.stamp);
    if (input.kind === "swap") seen.add(input.expected);
    miscompares ||= output?.kind === "miscompared";
  }
  return part.flatMap((operation) => {
    const { input, returnTime } = operation;
    if (returnTime !== undefined || seen.has(input.stamp)) return [operation];
    return miscompares ? [{ ...operation, input: { ...input, stamp: UNSEEN } }] : [];
  });
}
