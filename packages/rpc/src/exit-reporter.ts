// How a supervisor tells the metadata service that a process ended.
import type { ClusterId } from "@ashlar/core";
import { CATALOG_VERSION } from "./convert/catalog.ts";
import type { ExitReport } from "./heartbeat.ts";
import { LeaderBelief } from "./leader-belief.ts";
import { MemberCalls, type Ports } from "./member-calls.ts";
import { heartbeatService } from "./services.ts";

/** A report races against missed pings: a stopped member must not hold it. */
const ATTEMPT_MS = 500;

export interface ExitReporterClient {
  /** Resolves when the report has taken effect; tries until the signal aborts. */
  reportExit(report: ExitReport, options: { readonly signal: AbortSignal }): Promise<void>;
  close(): void;
}

export interface ExitReporterOptions {
  readonly clusterId: ClusterId;
  /** host:port of metadata members, at least one. */
  readonly addresses: readonly string[];
}

export function createExitReporterClient(
  deps: Ports,
  { clusterId, addresses }: ExitReporterOptions,
): ExitReporterClient {
  const belief = new LeaderBelief(deps, addresses);
  const calls = new MemberCalls(deps, { clusterId, belief, attemptMs: ATTEMPT_MS });
  return {
    reportExit: async (report, { signal }) => {
      const request = { version: CATALOG_VERSION, ...report };
      await calls.ask(
        (member, attempt) => member.unary(heartbeatService.ReportExit, request, attempt),
        { signal },
      );
    },
    close: () => calls.close(),
  };
}
