// `ashlar metadata --config FILE`.
import type { SystemError } from "@ashlar/core";
import { askMayStop, nodeNetwork } from "@ashlar/rpc";
import {
  nodeClock,
  nodeDisk,
  nodeRandom,
  observed,
  openLog,
  openRegistry,
  readConfig,
  runProcess,
} from "@ashlar/runtime";
import { METADATA_CONFIG } from "./config.ts";
import { MetadataNode } from "./node.ts";

/** Runs until SIGINT, or SIGTERM while it is not needed. */
export async function main({ configPath }: { readonly configPath: string }): Promise<void> {
  const config = await readConfig(configPath, METADATA_CONFIG);
  const log = openLog(config.logLevel, { node: config.nodeId });
  log.info({ config }, "metadata starts");
  const registry = openRegistry({ node: config.nodeId });
  const ports = { disk: nodeDisk, clock: nodeClock, random: nodeRandom, network: nodeNetwork };
  const onFatal = (error: SystemError): void => {
    log.error({ code: error.code, error, meta: error.meta }, "metadata ends: it cannot go on");
    process.exit(1);
  };
  const { nodeId, clusterId, members, advertise, listen } = config;
  const { ASHLAR_BOOT_ID: bootId = nodeRandom.uuid() } = process.env;
  const subject = { kind: "member", id: nodeId } as const;
  // Itself first: it knows who leads.
  const metadata = [advertise ?? listen, ...members.map(({ address }) => address)];
  await runProcess(
    log,
    async ({ shutDown: onShutDown }) => {
      const node = new MetadataNode(
        { ...ports, log, registry, bootId, onFatal, onShutDown },
        config,
      );
      return observed(node, { registry, log }, config.metrics);
    },
    { mayStop: () => askMayStop({ subject, clusterId, metadata }, { ...ports, log }) },
  );
}
