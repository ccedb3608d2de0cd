// The shape of a role's table: what it does with each kind of message. A kind without an entry means
// nothing to the role and is ignored, as the paper has it for late answers and deposed leaders.
import { ACCEPTED, type RaftCore, type StepResult } from "./core.ts";
import type { Message, MessageKind, MessageOf } from "./messages.ts";

export type Handlers = {
  readonly [K in MessageKind]?: (core: RaftCore, message: MessageOf<K>) => StepResult;
};

export function dispatch(handlers: Handlers, core: RaftCore, message: Message): StepResult {
  // The table's type ties each kind to its message; the compiler cannot follow it through a look-up.
  const handler = handlers[message.kind] as
    | ((core: RaftCore, message: Message) => StepResult)
    | undefined;
  return handler === undefined ? ACCEPTED : handler(core, message);
}
