// `ashlar cluster shutdown`: everything stops in order, so that every copy is in sync when it starts again. Gateways
// stop when they hear of it, then storage nodes; metadata members are told one by one, the leader last.
import { SystemError } from "@ashlar/core";
import type { AdminClient, ShutdownStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import {
  type ClusterOptions,
  labFolderOf,
  withAdmin,
  withClusterOptions,
} from "../cluster-address.ts";
import { script } from "../installed.ts";
import { type Answer, progressLines } from "../output.ts";
import { answering } from "../run.ts";

interface ShutdownOptions extends ClusterOptions {
  readonly cancel?: boolean;
}

const POLL_MS = 300;
/** Nobody was seen so many times in a row: one that is only late is not taken for gone. */
const GONE_LOOKS = 3;

interface Followed {
  readonly signal: AbortSignal;
  readonly json: boolean;
}

function leftLine({ gateways, nodes }: ShutdownStatus): string {
  const left = gateways.length > 0 ? gateways : nodes;
  return left.length === 0 ? "all have stopped" : `still there: ${left.join(", ")}`;
}

async function untilStopped(admin: AdminClient, { signal, json }: Followed): Promise<void> {
  const { polled } = await import("../polling.ts");
  const tell = progressLines(json);
  let looks = 0;
  const look = async (): Promise<true | undefined> => {
    const status = await admin.upkeep.shutdownStatus({ signal });
    if (!status.underWay) {
      throw new SystemError(
        "operation/aborted",
        "the shutdown was given up, or the leader is lost",
        {
          hint: "what has stopped can be started again; see `ashlar cluster status`, or shut down again",
        },
      );
    }
    tell(leftLine(status));
    looks = status.gateways.length + status.nodes.length === 0 ? looks + 1 : 0;
    return looks === GONE_LOOKS ? true : undefined;
  };
  await polled(look, { signal, everyMs: POLL_MS });
}

/** The leader last: until then the others have nobody to elect. */
async function endMembers(admin: AdminClient, signal: AbortSignal): Promise<readonly string[]> {
  const answers = await admin.askMembers({ signal });
  const members = answers.flatMap(({ address, status }) => (status ? [{ address, status }] : []));
  const leads = ({ status }: (typeof members)[number]): number =>
    status.role === "leader" ? 1 : 0;
  members.sort((a, b) => leads(a) - leads(b));
  for (const { address } of members) await admin.endMember(address, { signal });
  return members.map(({ status }) => status.self).sort();
}

async function shutdown(options: ShutdownOptions): Promise<Answer> {
  const { json = false, cancel = false } = options;
  const members = await withAdmin(options, async (admin, signal) => {
    await admin.upkeep.setShutdown({ underWay: !cancel }, { signal });
    if (cancel) return [];
    await untilStopped(admin, { signal, json });
    return endMembers(admin, signal);
  });
  if (cancel) {
    const line = "the shutdown is given up: start again what has stopped";
    return { json: { shutdown: false }, lines: [line] };
  }
  const dir = await labFolderOf(options);
  if (dir !== undefined) {
    const { Lab } = await import("@ashlar/lab");
    await new Lab({ dir, script: script() }).down({ signal: new AbortController().signal });
  }
  const line = "the cluster is down, every copy as it was: start its processes to have it again";
  return { json: { shutdown: true, members }, lines: [line] };
}

export function addShutdown(cluster: Command): void {
  withClusterOptions(cluster.command("shutdown"))
    .description("stop everything in order: gateways, storage nodes, metadata members")
    .option("--cancel", "give up a shutdown that is under way")
    .action(answering(shutdown));
}
