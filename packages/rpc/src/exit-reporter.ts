// How a supervisor tells the metadata service that a process ended.
import type { Clock, Log, Random } from "@ashlar/runtime";
import { CATALOG_VERSION } from "./convert/catalog.ts";
import type { ExitReport } from "./heartbeat.ts";
import { MemberCalls, type MemberCallsOptions } from "./member-calls.ts";
import { heartbeatService } from "./services.ts";

export interface ExitReporterClient {
  /** Resolves when the report has taken effect; tries until the signal aborts. */
  reportExit(report: ExitReport, options: { readonly signal: AbortSignal }): Promise<void>;
  close(): void;
}

export function createExitReporterClient(
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  options: MemberCallsOptions,
): ExitReporterClient {
  const calls = new MemberCalls(deps, options);
  return {
    reportExit: async (report, { signal }) => {
      const request = { version: CATALOG_VERSION, ...report };
      await calls.ask((member) => member.unary(heartbeatService.ReportExit, request, { signal }), {
        signal,
      });
    },
    close: () => calls.close(),
  };
}
