// Two volumes that hosts ask much, led by the same node: where people want it they are separated without being asked,
// once, and nothing goes back. Hosts notice nothing.
import { MIB } from "@ashlar/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlacedCopies, refusal } from "../../support/placed-copies.ts";
import { TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { VerifiedLoad } from "../../support/verified-load.ts";

interface Asked {
  readonly from: number;
  readonly to: number;
}

interface Recommendations {
  readonly advice: string;
  readonly waiting: readonly string[];
  readonly applied: readonly {
    readonly id: string;
    readonly byItself: boolean;
    readonly from: string;
    readonly agoMs: number;
    readonly before: Asked;
    readonly after: Asked | null;
  }[];
}

/** What a volume of one chunk holds; part of it is enough. */
const WORK = { offset: 0, length: 8 * MIB, writePercent: 5 } as const;
const VOLUMES_MAX = 8;

let lab: TestLab;
let copies: PlacedCopies;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "3");
  copies = new PlacedCopies(lab);
});
afterAll(async () => {
  await lab?.remove();
});

const list = () => lab.command<Recommendations>("recommend", "list");
const ofMembers = async (name: string, labels = ""): Promise<number> => {
  const ids = ["metadata-1", "metadata-2", "metadata-3"];
  const counts = await Promise.all(ids.map((id) => lab.metric(id, name, labels)));
  return counts.reduce((sum, count) => sum + count, 0);
};

/** A volume of one chunk, and the node that leads it. */
async function volume(
  name: string,
): Promise<{ readonly made: VolumeDocument; readonly leader: string }> {
  const before = new Map((await copies.nodes()).map(({ id, primaries }) => [id, primaries]));
  const made = await lab.createVolume(name, "64MiB");
  const leader = (await copies.nodes()).find(({ id, primaries }) => primaries !== before.get(id));
  return { made, leader: leader?.id ?? "" };
}

async function twoOfOneNode(): Promise<{
  readonly pair: readonly VolumeDocument[];
  readonly leader: string;
}> {
  const byLeader = new Map<string, VolumeDocument>();
  for (let number = 1; number <= VOLUMES_MAX; number += 1) {
    const { made, leader } = await volume(`vm${number}`);
    const other = byLeader.get(leader);
    if (other) return { pair: [other, made], leader };
    byLeader.set(leader, made);
  }
  throw new Error(`of ${VOLUMES_MAX} volumes no two are led by one of three nodes`);
}

test("B8: two hot volumes that share a node are separated by themselves under I/O, and stay where they are", async () => {
  expect(await refusal(lab, "recommend", "auto", "maybe")).toMatchObject({
    exit: 2,
    code: "argument/invalid",
  });
  expect(await lab.command("recommend", "auto", "on")).toEqual({ advice: "auto" });
  await expect.poll(async () => (await list()).waiting, { timeout: 30_000 }).toEqual([]);
  const { pair, leader } = await twoOfOneNode();
  const loads = await Promise.all(
    pair.map((made) => VerifiedLoad.on(lab, made, { work: WORK, pauseMs: 0 })),
  );
  const newest = async () => (await list()).applied[0];
  await expect
    .poll(newest, { timeout: 180_000, interval: 2_000 })
    .toMatchObject({ byItself: true, from: leader });
  const judged = async () => (await newest())?.after;
  await expect.poll(judged, { timeout: 120_000, interval: 2_000 }).toBeTruthy();
  const { before, after, ...done } = (await newest()) ?? { before: undefined, after: undefined };
  const share = (asked: Asked | null | undefined) =>
    (asked?.from ?? 0) / ((asked?.from ?? 0) + (asked?.to ?? 0));
  process.stdout.write(`${JSON.stringify({ ...done, before, after })}\n`);
  expect(share(before)).toBeGreaterThan(0.9);
  expect(share(after)).toBeLessThan(0.75);
  const moved = await ofMembers("ashlar_metadata_primaries_moved_total");
  // Longer again than it took: whoever would bring them back has the time to.
  const agoMs = async () => (await newest())?.agoMs;
  await expect.poll(agoMs, { timeout: 180_000, interval: 5_000 }).toBeGreaterThan(150_000);
  expect((await list()).applied).toHaveLength(1);
  expect(await ofMembers("ashlar_metadata_primaries_moved_total")).toBe(moved);
  expect(await ofMembers("ashlar_metadata_advice_applied_total", 'by="itself"')).toBe(1);
  for (const load of loads) {
    const report = await load.stop();
    expect(report, report.text).toMatchObject({ errors: 0, clean: true });
    expect(report.gapMs, report.text).toBeLessThan(3_000);
  }
});
