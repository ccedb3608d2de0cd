// `ashlar metadata --config FILE`.
import {
  nodeClock,
  nodeDisk,
  nodeRandom,
  openLog,
  openRegistry,
  readConfig,
  runProcess,
} from "@ashlar/runtime";
import { METADATA_CONFIG } from "./config.ts";
import { MetadataNode } from "./node.ts";

/** Runs until SIGTERM or SIGINT. */
export async function main({ configPath }: { readonly configPath: string }): Promise<void> {
  const config = await readConfig(configPath, METADATA_CONFIG);
  const log = openLog(config.logLevel, { node: config.nodeId });
  log.info({ config }, "metadata starts");
  const registry = openRegistry({ node: config.nodeId });
  const ports = { disk: nodeDisk, clock: nodeClock, random: nodeRandom };
  await runProcess(log, async () => new MetadataNode({ ...ports, log, registry }, config));
}
