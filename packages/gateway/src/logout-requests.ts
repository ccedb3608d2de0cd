// Has hosts log out of sessions that shall be elsewhere, as the leader of the metadata service asks with its answers
// to pings. A session goes on until its host follows; when it must go, it is ended once its time is over.
import type { LogoutRequest } from "@ashlar/rpc";
import type { Clock, Log, Startable, Timer } from "@ashlar/runtime";
import type { SessionEntry, SessionRegistry } from "./session-registry.ts";

const MS_PER_S = 1_000;

export class LogoutRequests implements Startable {
  private readonly deps: {
    readonly registry: SessionRegistry;
    readonly clock: Clock;
    readonly log: Log;
  };
  /** Sessions that are ended when their time is over. */
  private readonly enforced = new Map<SessionEntry, Timer>();

  constructor(deps: LogoutRequests["deps"]) {
    this.deps = deps;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    for (const timer of this.enforced.values()) timer.cancel();
    this.enforced.clear();
  }

  take(requests: readonly LogoutRequest[]): void {
    for (const request of requests) this.ask(request);
  }

  private ask({ session, withinSeconds, enforced }: LogoutRequest): void {
    const { registry, clock, log } = this.deps;
    const entry = registry.entryOf(session);
    if (!entry) return;
    const { initiatorName, targetName } = session;
    log.info({ initiatorName, targetName, withinSeconds, enforced }, "logout requested");
    entry.holder.requestLogout(withinSeconds);
    if (!enforced || this.enforced.has(entry)) return;
    const timer = clock.after(withinSeconds * MS_PER_S, () => {
      this.enforced.delete(entry);
      if (registry.entryOf(session) !== entry) return;
      log.warn({ initiatorName, targetName }, "logout overdue: session is dropped");
      void entry.holder.end({ told: true });
    });
    this.enforced.set(entry, timer);
  }
}
