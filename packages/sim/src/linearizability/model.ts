// What a checker of linearizability is given: what clients saw, and what one object, taken alone and one
// operation at a time, would have answered.

export interface Operation<Input, Output> {
  /** Who asked: for reports only. */
  readonly client: string;
  /** By one clock for the whole history; only the order of times counts. */
  readonly callTime: number;
  /** Undefined if no answer came: it may take effect at any time after the call, or never. */
  readonly returnTime: number | undefined;
  /** Plain data: what is equal as JSON asks for the same. */
  readonly input: Input;
  /** Undefined if no answer came, or one that does not say what was done. */
  readonly output: Output | undefined;
}

/** In any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[];

export type StepResult<State> =
  | { readonly ok: true; readonly state: State }
  | { readonly ok: false };

/** The sequential object. States are immutable. */
export interface Model<State, Input, Output> {
  initial(): State;
  /** Whether the object may answer `output`, or anything if that is undefined; and its state then. */
  step(state: State, input: Input, output: Output | undefined): StepResult<State>;
  /** Equal for equal states, and for no others. */
  key(state: State): string;
  /** Parts that do not touch each other: each is checked alone, which is much faster. */
  partition?(history: History<Input, Output>): readonly History<Input, Output>[];
}
