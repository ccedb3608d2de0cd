// Entry point of the gateway process: configuration in, node up, until a signal ends it.
import { askMayStop, nodeNetwork } from "@ashlar/rpc";
import {
  nodeClock,
  nodeRandom,
  observed,
  openLog,
  openRegistry,
  readConfig,
  runProcess,
} from "@ashlar/runtime";
import { GATEWAY_CONFIG } from "./config.ts";
import { GatewayNode } from "./node.ts";

export async function main({ configPath }: { readonly configPath: string }): Promise<void> {
  const config = await readConfig(configPath, GATEWAY_CONFIG);
  const log = openLog(config.logLevel, { node: config.nodeId });
  const { ASHLAR_BOOT_ID: bootId = nodeRandom.uuid() } = process.env;
  const ports = { clock: nodeClock, random: nodeRandom, network: nodeNetwork };
  const { nodeId, clusterId, metadata } = config;
  const subject = { kind: "gateway", id: nodeId } as const;
  await runProcess(
    log,
    async ({ shutDown: onShutDown }) => {
      log.info({ config, bootId }, "gateway starts");
      const registry = openRegistry({ node: nodeId });
      const node = new GatewayNode({ ...ports, log, registry, bootId, onShutDown }, config);
      return observed(node, { registry, log }, config.metrics);
    },
    { mayStop: () => askMayStop({ subject, clusterId, metadata }, { ...ports, log }) },
  );
}
