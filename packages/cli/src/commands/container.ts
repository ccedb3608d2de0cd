// `ashlar container …`: what the image is started with. Everything else about a site goes by the same
// commands as about any cluster.
import { clusterId as asClusterId, formatSize, parseSize, volumeName } from "@ashlar/core";
import type { Command } from "commander";
import { script } from "../installed.ts";
import { type Answer, processStreams, progressLines, writeError } from "../output.ts";
import { answering } from "../run.ts";
import { wholeNumber } from "../whole-number.ts";

interface JsonOption {
  readonly json?: boolean;
}

async function run(role: string): Promise<void> {
  const { ROLES } = await import("../container/settings.ts");
  const { runContainer } = await import("../container/start.ts");
  const { SystemError } = await import("@ashlar/core");
  const known = ROLES.find((one) => one === role);
  if (!known) {
    throw new SystemError("argument/invalid", `there is no role "${role}"`, {
      hint: `give one of ${ROLES.join(", ")}`,
    });
  }
  await runContainer(known, process.env, script());
}

async function found(): Promise<Answer> {
  const { readSettings } = await import("../container/settings.ts");
  const { NOTE_PATH } = await import("../container/cluster-note.ts");
  const { FOLDERS } = await import("../container/documents.ts");
  const { foundOnce } = await import("../container/founding.ts");
  const { nodeDisk, nodeRandom } = await import("@ashlar/runtime");
  const settings = readSettings("metadata", process.env);
  const ports = { disk: nodeDisk, random: nodeRandom };
  const { clusterId, isNew } = await foundOnce(ports, settings, {
    note: NOTE_PATH,
    data: FOLDERS.data,
  });
  const how = isNew ? `is founded, ${settings.id} is its first member` : "was founded before";
  return { json: { clusterId, isNew }, lines: [`cluster ${clusterId} ${how}`] };
}

interface DemoOptions extends JsonOption {
  readonly name: string;
  readonly size: string;
  readonly storage: string;
  readonly gateways: string;
}

async function demo(options: DemoOptions): Promise<Answer> {
  const { readMembers } = await import("../container/settings.ts");
  const { NOTE_PATH, requireFounded } = await import("../container/cluster-note.ts");
  const { ensureVolume } = await import("../container/demo.ts");
  const { createAdminClient } = await import("@ashlar/rpc");
  const { nodeClock, nodeRandom } = await import("@ashlar/runtime");
  const wanted = {
    name: volumeName(options.name),
    sizeBytes: parseSize(options.size),
    site: {
      storage: wholeNumber("storage", options.storage) ?? 0,
      gateways: wholeNumber("gateways", options.gateways) ?? 0,
    },
  };
  const addresses = readMembers(process.env).map(({ address }) => address);
  const clusterId = asClusterId(await requireFounded(NOTE_PATH));
  const admin = createAdminClient({ clusterId, addresses });
  const onProgress = progressLines(options.json ?? false);
  const ports = { clock: nodeClock, random: nodeRandom, admin, onProgress };
  const interrupt = new AbortController();
  process.once("SIGTERM", () => interrupt.abort());
  try {
    const { volume, isNew } = await ensureVolume(ports, wanted, interrupt);
    const gateways = await admin.listGateways(interrupt);
    const portals = gateways.flatMap((gateway) => gateway.portals.map(({ address }) => address));
    return {
      json: { ...volume, isNew, portals },
      lines: [
        `volume    ${volume.name}, ${formatSize(volume.sizeBytes)}, ${isNew ? "made" : "was there"}`,
        `target    ${volume.iqn}  LUN ${volume.lun}`,
        `portals   ${portals.join("  ")}`,
      ],
    };
  } finally {
    admin.close();
  }
}

export function addContainerCommands(program: Command): void {
  const container = program
    .command("container")
    .description("what the containers of deploy/Dockerfile are started with");
  container
    .command("run <role>")
    .description("run metadata, storage or gateway, as environment variables say")
    .action(async (role: string) => {
      try {
        await run(role);
      } catch (thrown) {
        process.exitCode = writeError(processStreams, thrown, false);
      }
    });
  container
    .command("found")
    .description("found the cluster, unless that was done: once, with the first member's volume")
    .option("--json", "one JSON document on standard output")
    .action(answering(found));
  container
    .command("demo")
    .description("wait until everything serves, and make a volume unless it is there")
    .option("--name <name>", "its name", "demo")
    .option("--size <size>", "its size", "4GiB")
    .requiredOption("--storage <count>", "storage nodes to wait for")
    .requiredOption("--gateways <count>", "gateways to wait for")
    .option("--json", "one JSON document on standard output")
    .action(answering(demo));
}
