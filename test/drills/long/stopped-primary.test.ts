// A storage node is stopped while it leads a chunk, another one takes over and writes, the first goes
// on. Until it hears that it was replaced it would answer from its old state: it must not.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChunkClient } from "../../support/chunk-client.ts";
import { TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const ROUNDS = 3;
/** Waiting in the socket of the stopped process: it finds them before it hears of anything new. */
const WAITING_READS = 16;
const DEADLINE_MS = 60_000;

let lab: TestLab;
let chunk: ChunkClient;

beforeAll(async () => {
  lab = await TestLab.make("--metadata", "1");
  await lab.createVolume("stopped", "64MiB");
  chunk = await ChunkClient.open(lab, "stopped");
});
afterAll(async () => {
  await chunk?.close();
  await lab?.remove();
});

test("a primary that was stopped and replaced never answers with what was (P3)", async () => {
  const volume = await lab.volume("stopped");
  const told: (number | string)[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const [before, after] = [2 * round, 2 * round + 1];
    await chunk.write(before);
    const old = await chunk.config();
    const { node } = old.primary;
    const client = await chunk.dial(node);
    expect(await chunk.read(client, old)).toBe(before);
    const pid = (await lab.pidOf(node)) ?? 0;
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, "SIGSTOP");
    // Its socket is the first to have something: what comes there later is found with it.
    const early = chunk.read(client, old);
    let waiting: Promise<number | string>[] = [];
    try {
      const led = async (): Promise<string> => (await chunk.config()).primary.node;
      await until("another primary", DEADLINE_MS, led, (now) => now !== node);
      await chunk.write(after);
      waiting = Array.from({ length: WAITING_READS }, () => chunk.read(client, old));
    } finally {
      process.kill(pid, "SIGCONT");
    }
    const answers = await Promise.all([...waiting, chunk.read(client, old)]);
    await early;
    client.close();
    told.push(...new Set(answers));
    expect(answers).not.toContain(before);
    for (const gateway of [1, 2]) {
      const read = `read -P ${after} 0 4k`;
      const said = await run("qemu-io", "-f", "raw", "-c", read, lab.url(volume, gateway));
      expect(said).not.toContain("verification failed");
    }
    const whole = async (): Promise<number> => (await lab.volume("stopped")).degradedChunks;
    await until("all copies back", DEADLINE_MS, whole, (degraded) => degraded === 0);
  }
  console.log(`the old primaries told: ${told.join(", ")}`);
});
