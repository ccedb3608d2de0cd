// When a lab can serve volumes: every metadata member has its vote, every other process is registered,
// every portal accepts connections and no process keeps dying. Asked again and again, since the
// processes start in any order.
import { readFile } from "node:fs/promises";
import { clusterId, hasCode, nodeId, SystemError } from "@ashlar/core";
import {
  type AdminClient,
  type AdminClientOptions,
  type ClusterStatus,
  createAdminClient,
  type MemberStatus,
} from "@ashlar/rpc";
import { type Clock, sleep } from "@ashlar/runtime";
import type { ProcessStatus } from "@ashlar/supervisor";
import { isGateway, isMetadata, type LabDocument } from "./lab-file.ts";
import { labPaths } from "./lab-paths.ts";
import { isListening } from "./ports.ts";
import { adminAddresses } from "./process-configs.ts";
import { findSupervisor } from "./supervisor-start.ts";

/** A lab is ready in a few seconds; a slow disk may take far longer to write its journals. */
const READY_TIMEOUT_MS = 90_000;
const POLL_MS = 100;
/** A process that dies this often in a row while it is waited for does not start at all. */
const DEATHS_MAX = 3;
const LOG_LINES_SHOWN = 1;

/** For who asks how things stand and wants to know of a group without a leader: elections are over by then. */
export const ASKING_PATIENCE_MS = 4_000;

/** The last lines of a log that hold something. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count);
}

/**
 * An admin client of the lab; the caller closes it. It names the cluster, so that a lab whose ports
 * were taken by another while it was down is never mistaken for that one.
 */
export const labAdmin = (
  lab: LabDocument,
  patience: Pick<AdminClientOptions, "patienceMs"> = {},
): AdminClient =>
  createAdminClient({
    ...patience,
    clusterId: clusterId(lab.clusterId),
    addresses: adminAddresses(lab),
  });

const hasVote = ({ role }: Pick<MemberStatus, "role">): boolean =>
  role === "leader" || role === "follower";

/**
 * Processes that are wanted and do not serve. A metadata member that was taken out of a cluster is
 * not waited for; at the first up the cluster is told only whom to expect, so all are.
 */
export function missingIn(
  lab: LabDocument,
  wantedUp: ReadonlySet<string>,
  cluster: Pick<ClusterStatus, "metadata" | "storage" | "gateways">,
): string[] {
  const members = cluster.metadata;
  const serving = [...members.filter(hasVote), ...cluster.storage, ...cluster.gateways];
  const up = new Set(serving.filter(({ state }) => state === "up").map(({ id }): string => id));
  const expected = new Set(members.map(({ id }): string => id));
  return lab.processes
    .filter((process) => wantedUp.has(process.id) && !up.has(process.id))
    .filter((process) => !isMetadata(process) || lab.stage !== "ready" || expected.has(process.id))
    .map(({ id }) => id);
}

/**
 * Members that do not say themselves that they have a vote: what a leader last heard of one that was
 * stopped since may be a second old.
 */
async function membersWithoutVote(
  admin: AdminClient,
  expected: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const answers = await admin.askMembers({ signal });
  const voters = new Set(answers.map(({ status }) => status && hasVote(status) && status.self));
  return expected.filter((id) => !voters.has(nodeId(id)));
}

async function closedPortals(lab: LabDocument, wantedUp: ReadonlySet<string>): Promise<string[]> {
  const closed: string[] = [];
  for (const { id, listen } of lab.processes.filter(isGateway)) {
    const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host;
    if (wantedUp.has(id) && !(await isListening(host, listen.port))) closed.push(id);
  }
  return closed;
}

/** The error of a process's last line of log; the line itself where it is no record of one. */
export function reasonIn(line: string): string {
  try {
    const { error } = JSON.parse(line) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : line;
  } catch {
    return line;
  }
}

/** What is waited for, and what is remembered meanwhile. */
interface Waiting {
  readonly dir: string;
  readonly lab: LabDocument;
  readonly admin: AdminClient;
  /** Restarts that a process had behind it when the waiting began: of those it has recovered. */
  readonly restartsBefore: Map<string, number>;
}

async function requireLives(
  { dir, lab, restartsBefore }: Waiting,
  processes: readonly ProcessStatus[],
): Promise<void> {
  const dying = processes.find(({ id, restarts }) => {
    const before = Math.min(restarts, restartsBefore.get(id) ?? restarts);
    restartsBefore.set(id, before);
    return restarts - before >= DEATHS_MAX;
  });
  if (!dying) return;
  const log = labPaths(dir).logOf(dying.id);
  const [line = ""] = await lastLines(log, LOG_LINES_SHOWN);
  throw new SystemError("process/failed", `${dying.id} does not start: ${reasonIn(line)}`, {
    process: dying.id,
    // The files of a lab that never was ready are taken away.
    ...(lab.stage === "ready" ? { hint: `see ${log}` } : {}),
  });
}

/** What is not there yet; empty when volumes can be served. */
async function waitingFor(
  waiting: Waiting,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { lab, admin } = waiting;
  const supervisor = await findSupervisor(lab);
  if (!supervisor) throw new SystemError("process/failed", "the supervisor has ended");
  const wanted = supervisor.processes.filter((process) => process.wanted === "up");
  await requireLives(waiting, wanted);
  const wantedUp = new Set(wanted.map(({ id }) => id));
  try {
    const cluster = await admin.clusterStatus({ signal });
    const missing = missingIn(lab, wantedUp, cluster);
    if (missing.length > 0) return missing;
    const expected = cluster.metadata.filter(({ id }) => wantedUp.has(id)).map(({ id }) => id);
    const silent = await membersWithoutVote(admin, expected, { signal });
    return silent.length > 0 ? silent : await closedPortals(lab, wantedUp);
  } catch (thrown) {
    const starting = ["cluster/unavailable", "rpc/unavailable", "rpc/deadline"] as const;
    if (!starting.some((code) => hasCode(thrown, code))) throw thrown;
    const members = lab.processes.filter(isMetadata).map(({ id }) => id);
    return members.filter((id) => wantedUp.has(id));
  }
}

/**
 * Resolves when every process that is wanted serves.
 * @throws SystemError process/failed when one keeps dying or the time is over.
 */
export async function untilReady(
  { clock }: { readonly clock: Clock },
  dir: string,
  lab: LabDocument,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const deadlineMs = clock.nowMs() + READY_TIMEOUT_MS;
  // Asked again and again: it is here that is waited.
  const admin = labAdmin(lab, { patienceMs: POLL_MS });
  const waiting: Waiting = { dir, lab, admin, restartsBefore: new Map() };
  try {
    for (;;) {
      const missing = await waitingFor(waiting, { signal });
      if (missing.length === 0) return;
      if (clock.nowMs() > deadlineMs) {
        throw new SystemError("process/failed", `not ready in time: ${missing.join(", ")}`, {
          hint: `see the logs in ${labPaths(dir).logFolder}`,
        });
      }
      await sleep(clock, POLL_MS, { signal });
    }
  } finally {
    admin.close();
  }
}
