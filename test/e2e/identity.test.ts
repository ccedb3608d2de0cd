// One logical unit through every gateway: what libiscsi's tools list is the same on both portals,
// and stays the same over a restart. MPIO joins paths by exactly these answers.
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestLab, type VolumeDocument } from "./support/test-lab.ts";
import { run } from "./support/tools.ts";

let lab: TestLab;
let volume: VolumeDocument;

beforeAll(async () => {
  lab = await TestLab.make("--nodes", "2");
  volume = await lab.volume("demo");
});
afterAll(() => lab?.remove());

/** What a tool says through each gateway. */
const throughBoth = (tool: string, ...args: string[]): Promise<string[]> =>
  Promise.all([1, 2].map((gateway) => run(tool, ...args, lab.url(volume, gateway))));

test("discovery through either portal lists the target, its logical unit and both portals", async () => {
  for (const portal of lab.portals) {
    const listing = await run("iscsi-ls", "-s", `iscsi://${portal}`);
    expect(listing).toContain(volume.iqn);
    expect(listing).toMatch(/Lun:0 +Type:DIRECT_ACCESS \(Size:4G\)/);
    for (const other of lab.portals) expect(listing).toContain(`Portal:${other},`);
  }
});

test("INQUIRY, the unit's serial number and its designators are equal through both", async () => {
  const pages: string[] = [];
  for (const args of [[], ["-e", "1", "-c", "0x80"], ["-e", "1", "-c", "0x83"]]) {
    const [first, second] = await throughBoth("iscsi-inq", ...args);
    expect(first).not.toBe("");
    if (args.includes("0x83")) expect(identityOf(first)).toEqual(identityOf(second));
    else expect(second).toBe(first);
    pages.push(first ?? "");
  }
  expect(identityOf(pages[2])).toMatchObject([expect.stringMatching(/^6[0-9a-f]{31}$/i)]);
});

/** The NAA designator: target port designators in the same page differ between gateways. */
function identityOf(page: string | undefined): string[] {
  return [...(page ?? "").matchAll(/\b(6[0-9a-fA-F]{31})\b/g)].map(([, naa]) => naa ?? "");
}

test("READ CAPACITY is equal through both and tells the volume's size", async () => {
  const [first, second] = await throughBoth("iscsi-readcapacity16");
  expect(second).toBe(first);
  expect(first).toContain(String(volume.sizeBytes));
});

test("the identity survives down and up", async () => {
  const before = await throughBoth("iscsi-inq", "-e", "1", "-c", "0x83");
  await lab.down();
  await lab.up();
  expect(await throughBoth("iscsi-inq", "-e", "1", "-c", "0x83")).toEqual(before);
});
