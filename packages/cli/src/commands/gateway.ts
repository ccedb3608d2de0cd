// `ashlar gateway …`: the gateways of a cluster, and how one is emptied before its machine is worked on.
import { nodeId, SystemError } from "@ashlar/core";
import type { AdminClient, GatewayStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import { type Answer, progressBar, table } from "../output.ts";
import { answering } from "../run.ts";

interface DrainOptions extends ClusterOptions {
  readonly force?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

/** How often it is looked at: gateways tell of their sessions with their pings. */
const POLL_MS = 200;

const stateOf = ({ state, draining }: GatewayStatus): string =>
  draining ? `${state}, draining` : state;

const portalsOf = ({ portals }: GatewayStatus): string =>
  portals
    .map(({ address, role }) => (role === "direct" ? address : `${address} (${role})`))
    .join(", ");

async function list(options: ClusterOptions): Promise<Answer> {
  const gateways = await withAdmin(options, (admin, signal) => admin.listGateways({ signal }));
  const rows = gateways.map((gateway) => [
    gateway.id,
    stateOf(gateway),
    gateway.sessions ?? "-",
    portalsOf(gateway),
  ]);
  return { json: { gateways }, lines: table(["GATEWAY", "STATE", "SESSIONS", "PORTALS"], rows) };
}

/** Resolves when hosts have left it; one that is down has none. */
async function untilEmpty(
  admin: AdminClient,
  id: string,
  { signal, json }: { readonly signal: AbortSignal; readonly json: boolean },
): Promise<void> {
  const { polled } = await import("../polling.ts");
  const bar = progressBar(json);
  let most = 0;
  const look = async (): Promise<true | undefined> => {
    const found = (await admin.listGateways({ signal })).find((gateway) => gateway.id === id);
    if (!found) throw new SystemError("gateway/not-found", `${id} is gone`);
    if (!found.draining) {
      throw new SystemError("operation/aborted", `somebody ended the drain of ${id}`);
    }
    if (found.state === "down" || found.sessions === 0) return true;
    most = Math.max(most, found.sessions ?? 0);
    if (found.sessions !== null) bar(most - found.sessions, most);
    return undefined;
  };
  await polled(look, { signal, everyMs: POLL_MS });
}

async function drain(id: string, options: DrainOptions): Promise<Answer> {
  const gateway = nodeId(id);
  const { force, wait, json = false } = options;
  return withAdmin(options, async (admin, signal) => {
    await admin.drainGateway({ gateway, draining: true }, { signal, force });
    if (!wait) {
      const line = `${id} takes no new sessions and lets go of those it has; see \`ashlar gateway list\``;
      return { json: { gateway, draining: true }, lines: [line] };
    }
    await untilEmpty(admin, id, { signal, json });
    const line = `${id} has no sessions and takes none: it can be stopped`;
    return { json: { gateway, draining: true, sessions: 0 }, lines: [line] };
  });
}

async function undrain(id: string, options: ClusterOptions): Promise<Answer> {
  const gateway = nodeId(id);
  await withAdmin(options, (admin, signal) =>
    admin.drainGateway({ gateway, draining: false }, { signal }),
  );
  return { json: { gateway, draining: false }, lines: [`${id} takes sessions again`] };
}

export function addGatewayCommands(gateway: Command): void {
  withClusterOptions(gateway.command("list"))
    .description("all gateways with their sessions and portals")
    .action(answering(list));
  withClusterOptions(gateway.command("drain <id>"))
    .description("have all hosts leave a gateway, and keep it without sessions")
    .option("--force", "also when no other gateway would take its sessions")
    .option("--no-wait", "do not wait until the last session is gone")
    .action(answering(drain));
  withClusterOptions(gateway.command("undrain <id>"))
    .description("let a gateway take sessions again")
    .action(answering(undrain));
}
