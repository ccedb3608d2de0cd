// Disks and nodes leave and come back under a host at work: a disk is emptied and taken out, a node is drained and takes
// part again, its share comes back, and a second plan moves nothing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlacedCopies } from "../../support/placed-copies.ts";
import { TestLab } from "../../support/test-lab.ts";
import { underLoad } from "../../support/verified-load.ts";

let lab: TestLab;
let copies: PlacedCopies;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4", "--disks", "2");
  copies = new PlacedCopies(lab);
});
afterAll(async () => {
  await lab?.remove();
});

test("under I/O: a disk emptied, a node drained and back again; no error, nothing lost", async () => {
  const report = await underLoad(lab, "moved", async () => {
    const before = await copies.count();
    expect(await lab.command("disk", "retire", "storage-1/disk-2")).toMatchObject({
      state: "retired",
      chunks: 0,
    });
    const had = (await copies.on("storage-4")) ?? 0;
    expect(had).toBeGreaterThan(0);
    expect(await lab.command("node", "drain", "storage-4")).toMatchObject({ chunks: 0 });
    expect(await copies.on("storage-4")).toBe(0);
    await copies.untilCount(before);
    await copies.untilWhole("demo", 2);
    // It takes part again, and gets its share again; a second plan has nothing to do.
    await lab.command("node", "undrain", "storage-4");
    expect(await lab.command("rebalance", "start")).toMatchObject({ moves: 0 });
    expect(await copies.on("storage-4")).toBeGreaterThan(had / 2);
    expect(await lab.command("rebalance", "preview")).toMatchObject({ moves: 0, bytes: 0 });
    await copies.untilWhole("moved", 2);
  });
  expect(report, report.text).toMatchObject({ errors: 0, clean: true });
  expect(report.gapMs, report.text).toBeLessThan(3_000);
});
