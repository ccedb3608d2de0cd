// What was away learns what it missed, and no more: a node that was down for a minute of writes, and the disks of a
// dead node that two others have taken over.
import { expect, test } from "vitest";
import { LabWatch } from "../../support/lab-watch.ts";
import { ScatteredWrites } from "../../support/scattered-writes.ts";
import { editStorageConfig, moveDisk } from "../../support/storage-config.ts";
import { type CheckDocument, TestLab } from "../../support/test-lab.ts";
import { run, until } from "../../support/tools.ts";

const MIB = 2 ** 20;
const CHUNK = 64 * MIB;
const EXTENT = 64 * 1024;
const DOWN_MS = 60_000;
/** Several times what a store without work takes to write down where it stands. */
const QUIET_MS = 6_000;
/** How much more may be copied than the extents that were written meanwhile. */
const DOWN_MAX = 1.2;
const ADOPTED_MAX = 1.05;

async function withLab(
  options: readonly string[],
  work: (lab: TestLab, watch: LabWatch) => Promise<void>,
): Promise<void> {
  const lab = await TestLab.make(...options);
  try {
    const watch = await LabWatch.open(lab);
    try {
      await work(lab, watch);
    } finally {
      await watch.close();
    }
  } finally {
    await lab.remove();
  }
}

/** Bytes that processes have learned since they were started: nobody learns from them meanwhile. */
async function learnedBytes(lab: TestLab, ids: readonly string[]): Promise<number> {
  const told = await Promise.all(ids.map((id) => lab.metric(id, "ashlar_storage_resync_bytes")));
  return told.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Until the stores of a node have written down what they know to be committed, two seconds after the last write: what
 * they do not know when they are killed is copied as well.
 */
async function untilAtRest(lab: TestLab, id: string): Promise<void> {
  let last = -1;
  let since = performance.now();
  const quietMs = async (): Promise<number> => {
    const checkpoints = await lab.metric(id, "ashlar_store_checkpoint_seconds_count");
    if (checkpoints !== last) since = performance.now();
    last = checkpoints;
    return performance.now() - since;
  };
  await until(`${id} is at rest`, DOWN_MS, quietMs, (ms) => ms > QUIET_MS);
}

/** @returns how often what was missing has been copied. */
function ratioOf(what: string, copied: number, extents: number): number {
  const ratio = copied / (extents * EXTENT);
  console.log(
    `${what}: ${extents} extents were written (${((extents * EXTENT) / MIB).toFixed(1)} MiB), ` +
      `${(copied / MIB).toFixed(1)} MiB copied: ${ratio.toFixed(3)} times`,
  );
  return ratio;
}

test("a node that was down for a minute of writes learns the extents that were written", async () => {
  await withLab(["--nodes", "3"], async (lab, watch) => {
    const sizeBytes = 8 * CHUNK;
    const volume = await lab.createVolume("busy", `${sizeBytes / MIB}MiB`, "--replicas", "3");
    await run("qemu-io", "-f", "raw", "-c", `write -P 1 0 ${sizeBytes}`, lab.url(volume, 1));
    await lab.command("lab", "stop", "storage-3", "--kill");
    const writes = new ScatteredWrites({ seed: 7, sizeBytes });
    await writes.writeFor(DOWN_MS, lab.url(volume, 2));
    await lab.command("lab", "start", "storage-3");
    await watch.untilWhole("busy");

    const copied = await learnedBytes(lab, ["storage-3"]);
    const ratio = ratioOf("down for 60 s", copied, writes.extents.size);
    expect(ratio).toBeLessThanOrEqual(DOWN_MAX);
    expect(ratio, "what was missed was copied").toBeGreaterThan(0);
    const check = await lab.command<CheckDocument>("volume", "check", "busy");
    expect(check).toMatchObject({ chunks: 8, replicas: 24, different: 0, damaged: 0 });
    await writes.verify(lab.url(volume, 1));
  });
});

test("the disks of a dead node, taken over by two others, learn what has changed since", async () => {
  await withLab(["--nodes", "5", "--disks", "2"], async (lab, watch) => {
    await lab.command("volume", "delete", "demo");
    // Copies lie in one of two zones each, so whoever takes over a disk has no other copy of what is on it.
    for (const [id, zone] of Object.entries(ZONES)) {
      await lab.command("lab", "stop", id);
      await editStorageConfig(lab, id, (config) => ({ ...config, zone }));
      await lab.command("lab", "start", id);
    }
    await lab.command("rebalance", "pause");
    const chunks = 24;
    const sizeBytes = chunks * CHUNK;
    const volume = await lab.createVolume("busy", `${sizeBytes / MIB}MiB`, "--replicas", "2");
    const fill = Array.from({ length: chunks }, (_, at) => ["-c", `write -P 1 ${at * CHUNK} 8M`]);
    await run("qemu-io", "-f", "raw", ...fill.flat(), lab.url(volume, 1));
    const had = (await watch.chunks("busy")).map(({ members }) =>
      members.some(({ node }) => node === "storage-1"),
    );
    expect(had.filter(Boolean).length, "the dead node has copies").toBeGreaterThan(2);

    await untilAtRest(lab, "storage-1");
    await lab.command("lab", "stop", "storage-1", "--kill");
    const writes = new ScatteredWrites({ seed: 11, sizeBytes });
    await writes.writeFor(DOWN_MS / 3, lab.url(volume, 2));
    for (const [disk, to] of [
      ["disk-1", "storage-2"],
      ["disk-2", "storage-3"],
    ] as const) {
      await lab.command("lab", "stop", to);
      await moveDisk(lab, disk, { from: "storage-1", to });
      await lab.command("lab", "start", to);
    }
    await watch.untilWhole("busy");

    const holders = (await watch.chunks("busy")).flatMap(({ members }) =>
      members.map(({ node }) => node),
    );
    expect(holders).not.toContain("storage-1");
    const changed = [...writes.extents].filter((at) => had[Math.floor((at * EXTENT) / CHUNK)]);
    const copied = await learnedBytes(lab, ["storage-2", "storage-3"]);
    const ratio = ratioOf("disks of a dead node", copied, changed.length);
    expect(ratio).toBeLessThanOrEqual(ADOPTED_MAX);
    expect(ratio, "what was missed was copied").toBeGreaterThan(0);
    const check = await lab.command<CheckDocument>("volume", "check", "busy");
    expect(check).toMatchObject({ chunks, replicas: 2 * chunks, different: 0, damaged: 0 });
    await writes.verify(lab.url(volume, 1));
  });
});

/** Three nodes in a rack, of which one dies, and two in another. */
const ZONES: Readonly<Record<string, string>> = {
  "storage-1": "rack-a",
  "storage-2": "rack-a",
  "storage-3": "rack-a",
  "storage-4": "rack-b",
  "storage-5": "rack-b",
};
