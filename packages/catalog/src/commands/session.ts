import { type CommandOf, done, type Result } from "../command.ts";
import { addSession } from "../sessions.ts";
import type { Step } from "../state.ts";

export function openSession(
  { state, index }: Step,
  _command: CommandOf<"openSession">,
): Result<"openSession"> {
  addSession(state.sessions, index);
  return done({ session: index });
}
