// The object that every text on linearizability begins with: a register that holds one value.
import type { Model } from "../linearizability/model.ts";

export type RegisterInput =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: number }
  | { readonly kind: "compare-and-set"; readonly expected: number; readonly value: number };

/** Of a read the value; of a compare-and-set 1 if it was done and 0 if not; of a write 0. */
export type RegisterOutput = number;

export const REGISTER: Model<number, RegisterInput, RegisterOutput> = {
  initial: () => 0,
  step(state, input, output) {
    const done = apply(state, input);
    const fits = output === undefined || output === done.output;
    return fits ? { ok: true, state: done.state } : { ok: false };
  },
  key: String,
};

/** What a register does, for a model and for a simulated object alike. */
export function apply(
  state: number,
  input: RegisterInput,
): { readonly state: number; readonly output: RegisterOutput } {
  switch (input.kind) {
    case "read":
      return { state, output: state };
    case "write":
      return { state: input.value, output: 0 };
    case "compare-and-set":
      return state === input.expected ? { state: input.value, output: 1 } : { state, output: 0 };
  }
}
