// Histories by hand, short enough that a test reads like a table.
import type { Operation } from "../linearizability/model.ts";

/** `returnTime` undefined: no answer came, whatever `output` says. */
export const operation = <Input, Output>(
  client: string,
  [callTime, returnTime]: readonly [callTime: number, returnTime: number | undefined],
  input: Input,
  output?: Output,
): Operation<Input, Output> => ({ client, callTime, returnTime, input, output });
