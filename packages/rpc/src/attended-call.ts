// Calls that may take long. A deadline cannot tell a member that is busy from one that was stopped, so the
// member is asked now and then, beside the call, whether it still answers.
import { toSystemError } from "@ashlar/core";
import { type Clock, sleep } from "@ashlar/runtime";
import type { GrpcClient } from "./grpc-client.ts";
import { isPassing } from "./member-calls.ts";
import { adminService } from "./services.ts";

const ATTEND_INTERVAL_MS = 500;
/** GroupStatus waits for nobody; this is time for a busy machine. */
const ATTEND_DEADLINE_MS = 1_500;

export interface AttendedOptions {
  readonly signal: AbortSignal;
  readonly member: GrpcClient;
  /** Called each time the member answered. */
  readonly onAlive: () => void;
}

/** Makes `call` with a signal that also aborts when its member has fallen silent. */
export async function attended<T>(
  { clock }: { readonly clock: Clock },
  call: (options: { readonly signal: AbortSignal }) => Promise<T>,
  { signal, member, onAlive }: AttendedOptions,
): Promise<T> {
  const done = new AbortController();
  const silent = new AbortController();
  const attend = async (): Promise<void> => {
    for (;;) {
      await sleep(clock, ATTEND_INTERVAL_MS, { signal: done.signal });
      const options = { signal: done.signal, deadlineMs: ATTEND_DEADLINE_MS };
      await member.unary(adminService.GroupStatus, {}, options).catch((thrown: unknown) => {
        // Whatever else it says, it is there.
        if (done.signal.aborted || isPassing(toSystemError(thrown).code)) throw thrown;
      });
      onAlive();
    }
  };
  const attending = attend().catch((thrown: unknown) => silent.abort(thrown));
  try {
    return await call({ signal: AbortSignal.any([signal, silent.signal]) });
  } finally {
    done.abort();
    await attending;
  }
}
