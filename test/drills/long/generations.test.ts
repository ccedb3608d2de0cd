// After a change of a volume was answered, nothing that was sent before takes effect (P11): with writes
// in flight through another gateway, with the node that has them stopped, and with the leader of the
// metadata service killed in the middle.
import { setTimeout } from "node:timers/promises";
import { scatterJoin } from "@ashlar/core";
import { cdb, LogicalUnit, type Session } from "@ashlar/initiator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChunkClient } from "../../support/chunk-client.ts";
import { sessionAt, signalTo } from "../../support/lab-sessions.ts";
import { MetadataGroup } from "../../support/metadata-group.ts";
import { TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;
const BLOCK = 4096;
const WRITES = 32;
const FENCES = 3;
const TASK_RESPONSE = { complete: 0, rejected: 255 };
/** Unit attention, bus device reset function occurred. */
const RESET_SENSE = [6, 0x29, 3];
const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];

type Fenced = VolumeDocument & { readonly generation: number; readonly change: string };

let lab: TestLab;
let group: MetadataGroup;

beforeAll(async () => {
  lab = await TestLab.make();
  group = await MetadataGroup.of(lab);
});
afterAll(async () => {
  group?.close();
  await lab?.remove();
});

const forever = { signal: new AbortController().signal };
const block = (fill: number): readonly Buffer[] => [Buffer.alloc(BLOCK, fill)];
const show = (name: string): Promise<Fenced> => lab.command<Fenced>("volume", "show", name);

const host = (volume: VolumeDocument, gateway: number): Promise<Session> =>
  sessionAt(lab, volume, { gateway, host: "generations" });

async function untilWhole(name: string): Promise<void> {
  const degraded = async (): Promise<number> => (await lab.volume(name)).degradedChunks;
  await until("all copies back", DEADLINE_MS, degraded, (count) => count === 0);
}

test("what waits at a stopped primary when another path resets the unit is never done (P11)", async () => {
  const volume = await lab.createVolume("reset", "64MiB");
  const chunk = await ChunkClient.open(lab, "reset");
  const [one, two] = [await host(volume, 1), await host(volume, 2)];
  const [first, second] = [
    await LogicalUnit.open(one, { lun: 0 }),
    await LogicalUnit.open(two, { lun: 0 }),
  ];
  for (let at = 0; at < WRITES; at += 1) await first.write(at * BLOCK, block(1), forever);
  const { node } = (await chunk.config()).primary;
  const pid = (await lab.pidOf(node)) ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    for (let at = 0; at < WRITES; at += 1) {
      const write = { lun: 0, cdb: cdb.write16((at * BLOCK) / 512, BLOCK / 512) };
      void two.execute({ ...write, dataOut: block(2), timeoutMs: DEADLINE_MS }).catch(() => {});
    }
    expect(await one.resetLogicalUnit(0)).toBe(TASK_RESPONSE.complete);
    for (let at = 0; at < WRITES; at += 1) await first.write(at * BLOCK, block(3), forever);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const { sense } = await two.execute({ lun: 0, cdb: Buffer.alloc(6) });
  expect([sense?.key, sense?.asc, sense?.ascq], "the other path is told").toEqual(RESET_SENSE);
  await untilWhole("reset");
  for (const unit of [first, second]) {
    const read = scatterJoin(await unit.read(0, WRITES * BLOCK, forever));
    expect(new Set(read)).toEqual(new Set([3]));
  }
  expect(await show("reset")).toMatchObject({ generation: 2, resets: 1, change: "" });
  one.drop();
  two.drop();
  await chunk.close();
});

test("an operation of an older generation is refused, whoever led when it was sent (P11)", async () => {
  await lab.createVolume("fenced", "64MiB");
  const chunk = await ChunkClient.open(lab, "fenced");
  await chunk.write(5);
  const old = await chunk.config();
  const { node } = old.primary;
  const [stopped, pid] = [await chunk.dial(node), (await lab.pidOf(node)) ?? 0];
  expect(await chunk.read(stopped, old)).toBe(5);
  process.kill(pid, "SIGSTOP");
  let waiting: Promise<number | string>[];
  try {
    const led = async (): Promise<string> => (await chunk.config()).primary.node;
    await until("another primary", DEADLINE_MS, led, (now) => now !== node);
    const fenced = await lab.command<Fenced>("volume", "fence", "fenced");
    expect(fenced).toMatchObject({ generation: 2, resets: 0, change: "" });
    waiting = Array.from({ length: WRITES }, () => chunk.read(stopped, old));
    const now = await chunk.config();
    const client = await chunk.dial(now.primary.node);
    expect(await chunk.read(client, now)).toBe("staleGeneration");
    client.close();
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const answers = await Promise.all(waiting);
  expect(answers.filter((answer) => typeof answer === "number")).toEqual([]);
  stopped.close();
  await untilWhole("fenced");
  await chunk.close();
});

test("a leader of the metadata service that is killed meanwhile leaves no change half done", async () => {
  await lab.createVolume("half", "64MiB");
  let { generation } = await show("half");
  for (let round = 0; round < FENCES; round += 1) {
    const leader = await group.leader();
    const fenced = lab.command<Fenced>("volume", "fence", "half");
    if (round % 2 === 0) await setTimeout(100 * round);
    await signalTo(lab, [leader], "SIGKILL");
    const done = await fenced;
    expect(done.generation).toBeGreaterThan(generation);
    expect(done.change).toBe("");
    ({ generation } = done);
    await group.untilInStep(...MEMBERS);
  }
  await lab.command("volume", "delete", "half");
  const { volumes } = await lab.command<{ volumes: VolumeDocument[] }>("volume", "list");
  expect(volumes.map(({ name }) => name)).not.toContain("half");
});
