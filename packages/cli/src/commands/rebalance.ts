// `ashlar rebalance …`: how copies are spread over the nodes, and whether they move by themselves.
import { formatSize } from "@ashlar/core";
import type { AdminClient, RebalanceStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type CopySpeedOptions, copySpeedAsked, copySpeedLines } from "../copy-speed.ts";
import { type Answer, progressBar, table, timeLeft } from "../output.ts";
import { answering } from "../run.ts";

interface WaitOptions extends ClusterOptions {
  /** False with --no-wait. */
  readonly wait: boolean;
}

const POLL_MS = 500;

async function preview(options: ClusterOptions): Promise<Answer> {
  const plan = await withAdmin(options, (admin, signal) =>
    admin.upkeep.previewRebalance({ signal }),
  );
  const rows = plan.nodes.map(({ id, sizeBytes, copies, copiesAfter }) => [
    id,
    formatSize(sizeBytes),
    copies,
    copiesAfter,
  ]);
  const homeless =
    plan.homeless > 0 ? `; ${plan.homeless} more have no room where they belong` : "";
  const summary =
    plan.moves === 0
      ? `copies are spread evenly: nothing would move${homeless}`
      : `${plan.moves} copies would move, about ${formatSize(plan.bytes)}${homeless}`;
  return { json: plan, lines: [...table(["NODE", "SIZE", "COPIES", "THEN"], rows), summary] };
}

const isOver = ({ moving, planned, hindrance, begun }: RebalanceStatus): boolean =>
  moving === 0 && planned === 0 && begun === 0 && hindrance === "";

function statusLines(status: RebalanceStatus): string[] {
  const { rebalancing, hindrance, moving, planned, begun, elapsedMs } = status;
  const left = timeLeft(begun - moving, begun + planned, elapsedMs);
  if (isOver(status)) return [`rebalancing is ${rebalancing}; nothing is to be moved`];
  return [
    `rebalancing is ${rebalancing}: ${moving} copies move, ${planned} are planned ${left}`.trimEnd(),
    ...(hindrance === "" || rebalancing === "paused" ? [] : [`none is begun now: ${hindrance}`]),
  ];
}

async function status(options: ClusterOptions): Promise<Answer> {
  const standing = await withAdmin(options, (admin, signal) =>
    admin.upkeep.rebalanceStatus({ signal }),
  );
  return { json: standing, lines: [...statusLines(standing), ...copySpeedLines(standing)] };
}

async function set(options: ClusterOptions & CopySpeedOptions): Promise<Answer> {
  const asked = copySpeedAsked(options);
  const standing = await withAdmin(options, async ({ upkeep }, signal) => {
    await upkeep.setCopySpeed(asked, { signal });
    return upkeep.rebalanceStatus({ signal });
  });
  const { copySpeed } = standing;
  return { json: copySpeed, lines: copySpeedLines({ copySpeed, nodes: [] }) };
}

/** Resolves when there is nothing to move: twice in a row, since plans follow one another. */
async function untilEven(
  admin: AdminClient,
  { signal, json }: { readonly signal: AbortSignal; readonly json: boolean },
): Promise<void> {
  const { polled } = await import("../polling.ts");
  const bar = progressBar(json);
  const look = async (): Promise<true | undefined> => {
    const standing = await admin.upkeep.rebalanceStatus({ signal });
    const { begun, moving, planned, hindrance } = standing;
    if (begun + planned > 0) bar(Math.max(0, begun - moving), begun + planned);
    if (isOver(standing) || hindrance === "paused") {
      const { moves } = await admin.upkeep.previewRebalance({ signal });
      if (moves === 0 || hindrance === "paused") return true;
    }
    return undefined;
  };
  await polled(look, { signal, everyMs: POLL_MS });
}

async function start(options: WaitOptions): Promise<Answer> {
  const { wait, json = false } = options;
  return withAdmin(options, async (admin, signal) => {
    await admin.upkeep.setRebalancing({ rebalancing: "auto", cancel: false }, { signal });
    if (!wait) {
      const line = "copies move by themselves; see `ashlar rebalance status`";
      return { json: { rebalancing: "auto" }, lines: [line] };
    }
    await untilEven(admin, { signal, json });
    return { json: { rebalancing: "auto", moves: 0 }, lines: ["copies are spread evenly"] };
  });
}

const paused =
  (cancel: boolean) =>
  async (options: ClusterOptions): Promise<Answer> => {
    const cancelled = await withAdmin(options, (admin, signal) =>
      admin.upkeep.setRebalancing({ rebalancing: "paused", cancel }, { signal }),
    );
    const line = cancel
      ? `rebalancing is paused; ${cancelled} moves were given up`
      : "rebalancing is paused: what moves now comes to its end, and nothing else is begun";
    return { json: { rebalancing: "paused", cancelled }, lines: [line] };
  };

export function addRebalanceCommands(program: Command): void {
  const rebalance = program
    .command("rebalance")
    .description("copies are spread evenly over the nodes; they move by themselves unless paused");
  withClusterOptions(rebalance.command("preview"))
    .description("what would move now, and what nodes would hold then")
    .action(answering(preview));
  withClusterOptions(rebalance.command("status"))
    .description("what moves now, and what keeps the rest from it")
    .action(answering(status));
  withClusterOptions(rebalance.command("set"))
    .description("how copies of any kind, lost ones too, give way to hosts; at once, on all nodes")
    .option(
      "--latency-target <ms>",
      "copies give way while more than 1 % of what hosts do takes longer",
    )
    .option("--floor <speed>", "what each node may copy however long hosts wait, such as 8MiB/s")
    .action(answering(set));
  withClusterOptions(rebalance.command("start"))
    .description("let copies move again after `pause`, and wait until they are spread evenly")
    .option("--no-wait", "do not wait")
    .action(answering(start));
  withClusterOptions(rebalance.command("pause"))
    .description("begin no more moves; nodes and disks that are to be emptied are, all the same")
    .action(answering(paused(false)));
  withClusterOptions(rebalance.command("cancel"))
    .description("pause, and give up the moves that are under way")
    .action(answering(paused(true)));
}
