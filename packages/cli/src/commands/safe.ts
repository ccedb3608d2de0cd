// `ashlar safe node|disk|gateway|member ID`: whether it can be stopped or touched now. The exit status tells too: 0 only
// for SAFE.
import { nodeId } from "@ashlar/core";
import type { AdminClient, SafetyAnswer, SafetySubject } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { EXIT } from "../exit-status.ts";
import { type Answer, progressLines } from "../output.ts";
import { answering } from "../run.ts";
import { placeOf } from "./disk.ts";

interface SafeOptions extends ClusterOptions {
  readonly wait?: boolean;
}

const POLL_MS = 500;

/**
 * Asks until it is safe, and says what is waited for. What would break now is waited for as well: somebody may be
 * bringing back what is missing.
 */
export async function untilSafe(
  admin: AdminClient,
  subject: SafetySubject,
  {
    signal,
    json,
    orBreaks = false,
  }: {
    readonly signal: AbortSignal;
    readonly json: boolean;
    /** It is not waited for what nothing under way changes. */
    readonly orBreaks?: boolean;
  },
): Promise<SafetyAnswer> {
  const { polled } = await import("../polling.ts");
  const { isSafe, progressLine, wouldBreak } = await import("../safety-text.ts");
  const tell = progressLines(json);
  const look = async (): Promise<SafetyAnswer | undefined> => {
    const answer = await admin.upkeep.judgeSafety(subject, { signal });
    if (isSafe(answer) || (orBreaks && wouldBreak(answer))) return answer;
    tell(`${subject.id}: ${progressLine(answer)}`);
    return undefined;
  };
  return polled(look, { signal, everyMs: POLL_MS });
}

async function safe(subject: SafetySubject, options: SafeOptions): Promise<Answer> {
  const { json = false, wait = false } = options;
  const { headline, isSafe, reasonLines, safetyDocument } = await import("../safety-text.ts");
  const answer = await withAdmin(options, (admin, signal) =>
    wait
      ? untilSafe(admin, subject, { signal, json })
      : admin.upkeep.judgeSafety(subject, { signal }),
  );
  return {
    json: { ...subject, ...safetyDocument(answer) },
    lines: [headline(answer), ...reasonLines(answer)],
    exit: isSafe(answer) ? EXIT.done : EXIT.refused,
  };
}

const SUBJECTS: readonly {
  readonly usage: string;
  readonly what: string;
  readonly subject: (text: string) => SafetySubject;
}[] = [
  {
    usage: "node <id>",
    what: "a storage node",
    subject: (text) => ({ kind: "node", id: nodeId(text) }),
  },
  {
    usage: "disk <node/disk>",
    what: "a disk of a storage node",
    subject: (text) => {
      const { node, disk } = placeOf(text);
      return { kind: "disk", id: node, disk };
    },
  },
  {
    usage: "gateway <id>",
    what: "a gateway",
    subject: (text) => ({ kind: "gateway", id: nodeId(text) }),
  },
  {
    usage: "member <id>",
    what: "a metadata member",
    subject: (text) => ({ kind: "member", id: nodeId(text) }),
  },
];

export function addSafeCommands(program: Command): void {
  const command = program
    .command("safe")
    .description(
      "whether something can be stopped now: SAFE, WAIT (bytes, time) or WOULD BREAK (volumes); exit 0 only for SAFE",
    );
  for (const { usage, what, subject } of SUBJECTS) {
    withClusterOptions(command.command(usage))
      .description(`whether ${what} can be stopped now; exit 0 for SAFE, 3 for anything else`)
      .option("--wait", "wait until it is safe, with progress")
      .action(answering((text: string, options: SafeOptions) => safe(subject(text), options)));
  }
}
