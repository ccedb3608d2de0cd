// The definition itself, to hold the checker to: tries every order that time allows. For short histories.
import type { History, Model } from "../linearizability/model.ts";

export const hasOrder = <State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
): boolean => canGoOn(model, history, model.initial());

function canGoOn<State, Input, Output>(
  model: Model<State, Input, Output>,
  left: History<Input, Output>,
  state: State,
): boolean {
  const returns = left.map(({ returnTime }) => returnTime ?? Number.POSITIVE_INFINITY);
  const firstReturn = Math.min(...returns);
  // Only unanswered operations are left: they may never have happened.
  if (firstReturn === Number.POSITIVE_INFINITY) return true;
  return left.some((operation) => {
    // Something else was over before this began.
    if (operation.callTime > firstReturn) return false;
    const result = model.step(state, operation.input, operation.output);
    const others = left.filter((other) => other !== operation);
    return result.ok && canGoOn(model, others, result.state);
  });
}
