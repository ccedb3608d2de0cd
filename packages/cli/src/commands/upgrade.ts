// `ashlar upgrade plan|run`: every process is restarted, one at a time, under the program that this command is of. Each
// step waits until the process is not missed, and until it is back and whole. A lab's processes are restarted by its
// supervisor; elsewhere a person does it, and is told when.
import type { AdminClient } from "@ashlar/rpc";
import type { Command } from "commander";
import {
  type ClusterOptions,
  labFolderOf,
  withAdmin,
  withClusterOptions,
} from "../cluster-address.ts";
import { script } from "../installed.ts";
import { type Answer, processStreams, progressLines, table } from "../output.ts";
import { answering } from "../run.ts";
import { missingOf, subjectOf, type UpgradeProcess, upgradeOrder } from "../upgrade-plan.ts";
import { untilSafe } from "./safe.ts";

const POLL_MS = 500;

interface RunOptions extends ClusterOptions {
  readonly force?: boolean;
}

async function processesOf(
  admin: AdminClient,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly UpgradeProcess[]> {
  const { metadata: members } = await admin.clusterStatus({ signal });
  const answers = await admin.askMembers({ signal });
  const processes = await admin.upkeep.listReleases({ signal });
  return upgradeOrder({ members, answers, processes });
}

async function plan(options: ClusterOptions): Promise<Answer> {
  const { RELEASE } = await import("@ashlar/rpc");
  const { headline } = await import("../safety-text.ts");
  const steps = await withAdmin(options, async (admin, signal) => {
    const processes = await processesOf(admin, { signal });
    return Promise.all(
      processes.map(async (process) => {
        const answer = await admin.upkeep.judgeSafety(subjectOf(process), { signal });
        return { ...process, now: headline(answer) };
      }),
    );
  });
  const rows = steps.map(({ kind, id, up, build, protocol, leads, now }, place) => [
    place + 1,
    leads ? `${kind}, leads` : kind,
    id,
    up ? build || "not told" : "down",
    protocol || "",
    now,
  ]);
  return {
    json: {
      to: RELEASE,
      steps: steps.map(({ leads: _, life: __, ...step }) => step),
    },
    lines: [
      ...table(["STEP", "KIND", "ID", "VERSION", "PROTOCOL", "NOW"], rows),
      `to ${RELEASE.build}, protocol ${RELEASE.protocol}: each step waits until its process is SAFE to stop, and`,
      "until it is back with that version; a storage node is in maintenance meanwhile",
    ],
  };
}

/** Restarts a process, or has a person do it. */
type Restart = (process: UpgradeProcess, signal: AbortSignal) => Promise<void>;

async function restartBy(options: ClusterOptions, json: boolean): Promise<Restart> {
  const dir = await labFolderOf(options);
  if (dir === undefined) {
    return async ({ kind, id }) => {
      if (!json) processStreams.err(`restart ${kind} ${id} now, with the new version\n`);
    };
  }
  const { Lab } = await import("@ashlar/lab");
  const lab = new Lab({ dir, script: script() });
  return async ({ id }, signal) => {
    await lab.stop(id, { kill: false });
    await lab.start(id, { signal });
  };
}

/** A node that is away for its restart gets no copies made elsewhere. */
async function inMaintenance(
  admin: AdminClient,
  { kind, id }: UpgradeProcess,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<void> {
  const nodes = kind === "node" ? await admin.listNodes({ signal }) : [];
  // One that is drained, or was in maintenance before, stays so.
  if (nodes.find((node) => node.id === id)?.service !== "in") return step();
  await admin.upkeep.setNodeService({ node: id, service: "maintenance" }, { signal });
  try {
    await step();
  } finally {
    const within = AbortSignal.timeout(RETURN_MS);
    await admin.upkeep.setNodeService({ node: id, service: "in" }, { signal: within });
  }
}

/** Also of an interrupted run: nobody else would end the maintenance. */
const RETURN_MS = 10_000;

interface StepOptions {
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly build: string;
  readonly restart: Restart;
  readonly force: boolean;
}

async function restartOne(
  admin: AdminClient,
  before: UpgradeProcess,
  { signal, json, build, restart, force }: StepOptions,
): Promise<void> {
  const { polled } = await import("../polling.ts");
  const tell = progressLines(json);
  await untilSafe(admin, subjectOf(before), { signal, json, orBreaks: force });
  await inMaintenance(admin, before, signal, async () => {
    await restart(before, signal);
    const look = async (): Promise<true | undefined> => {
      const now = (await processesOf(admin, { signal })).find(({ id }) => id === before.id);
      const missing = missingOf(before, now, build);
      if (missing !== undefined) tell(missing);
      return missing === undefined ? true : undefined;
    };
    await polled(look, { signal, everyMs: POLL_MS });
    await untilSafe(admin, subjectOf(before), { signal, json, orBreaks: force });
  });
}

async function run(options: RunOptions): Promise<Answer> {
  const { json = false, force = false } = options;
  const { RELEASE } = await import("@ashlar/rpc");
  const { build } = RELEASE;
  const restart = await restartBy(options, json);
  const done = await withAdmin(options, async (admin, signal) => {
    const processes = await processesOf(admin, { signal });
    for (const [place, { id }] of processes.entries()) {
      // The leader may be another one since.
      const now = (await processesOf(admin, { signal })).find((one) => one.id === id);
      if (!now) continue;
      if (!json) processStreams.err(`${place + 1}/${processes.length} ${id}\n`);
      await restartOne(admin, now, { signal, json, build, restart, force });
    }
    return processes.map(({ id }) => id);
  });
  return {
    json: { upgraded: done, to: RELEASE },
    lines: [`${done.length} processes run ${build}, and every copy is in sync`],
  };
}

export function addUpgradeCommands(program: Command): void {
  const upgrade = program
    .command("upgrade")
    .description(
      "restart every process under this version, one at a time, without anybody noticing",
    );
  withClusterOptions(upgrade.command("plan"))
    .description("which process runs what, the order, and what each step would wait for now")
    .action(answering(plan));
  withClusterOptions(upgrade.command("run"))
    .description(
      "do it: in a lab by its supervisor; elsewhere you are told what to restart, and it waits for that",
    )
    .option("--force", "also restart what would be missed, when nothing under way changes that")
    .action(answering(run));
}
