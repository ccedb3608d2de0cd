// Entry point of the storage process: configuration in, node up, until a signal ends it.

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
import { STORAGE_CONFIG } from "./config.ts";
import { StorageNode } from "./node.ts";

/** Runs until SIGINT, or SIGTERM while it is not needed. */
export async function main({ configPath }: { readonly configPath: string }): Promise<void> {
  const config = await readConfig(configPath, STORAGE_CONFIG);
  const log = openLog(config.logLevel, { node: config.nodeId });
  const { ASHLAR_BOOT_ID: bootId = nodeRandom.uuid() } = process.env;
  const ports = { disk: nodeDisk, clock: nodeClock, random: nodeRandom, network: nodeNetwork };
  const { nodeId, clusterId, metadata } = config;
  const subject = { kind: "node", id: nodeId } as const;
  await runProcess(
    log,
    async ({ shutDown: onShutDown }) => {
      log.info({ config, bootId }, "storage starts");
      const registry = openRegistry({ node: nodeId });
      const node = new StorageNode({ ...ports, log, registry, bootId, onShutDown }, config);
      return observed(node, { registry, log }, config.metrics);
    },
    { mayStop: () => askMayStop({ subject, clusterId, metadata }, { ...ports, log }) },
  );
}
