// One logical unit through every gateway: what libiscsi's tools list is the same on both portals,
// and stays the same over a restart. MPIO joins paths by exactly these answers.
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestLab, type VolumeDocument } from "../support/test-lab.ts";
import { run } from "../support/tools.ts";

let lab: TestLab;
let volume: VolumeDocument;

beforeAll(async () => {
  lab = await TestLab.make("--nodes", "2", "--metadata", "1");
  volume = await lab.volume("demo");
});
afterAll(() => lab?.remove());

// iscsi-inq reads page codes as decimals.
const STANDARD_PAGE: readonly string[] = [];
const SERIAL_NUMBER_PAGE = ["-e", "1", "-c", String(0x80)];
const DESIGNATOR_PAGE = ["-e", "1", "-c", String(0x83)];

/** What page 83h says of the unit itself; what it says of the port differs between gateways. */
const unitDesignators = (page: string | undefined): string[] =>
  (page ?? "")
    .split("DEVICE DESIGNATOR")
    .filter((designator) => designator.includes("LOGICAL_UNIT"))
    .map((designator) => designator.replace(/^ #\d+/, ""));

/** What a tool says through each gateway. */
const throughBoth = (tool: string, ...args: string[]): Promise<string[]> =>
  Promise.all([1, 2].map((gateway) => run(tool, ...args, lab.url(volume, gateway))));

test("discovery through either portal lists the target, its logical unit and both portals", async () => {
  for (const portal of lab.portals) {
    const listing = await run("iscsi-ls", "-s", `iscsi://${portal}`);
    expect(listing).toContain(volume.iqn);
    expect(listing).toMatch(/Lun:0 +Type:DIRECT_ACCESS/);
    for (const other of lab.portals) expect(listing).toContain(`Portal:${other},`);
  }
});

test("INQUIRY, the unit's serial number and its designators are equal through both", async () => {
  for (const [page, shown] of [
    [STANDARD_PAGE, "Peripheral Device Type:DIRECT_ACCESS"],
    [SERIAL_NUMBER_PAGE, "Unit Serial Number:["],
  ] as const) {
    const [first, second] = await throughBoth("iscsi-inq", ...page);
    expect(first).toContain(shown);
    expect(second).toBe(first);
  }
  const [first, second] = await throughBoth("iscsi-inq", ...DESIGNATOR_PAGE);
  const designators = unitDesignators(first);
  expect(designators.join()).toContain("Designator Type:(3) NAA");
  expect(unitDesignators(second)).toEqual(designators);
});

test("READ CAPACITY is equal through both and tells the volume's size", async () => {
  const [first, second] = await throughBoth("iscsi-readcapacity16");
  expect(second).toBe(first);
  expect(first).toContain(`Total size:${volume.sizeBytes}`);
});

test("the identity survives down and up", async () => {
  const before = await throughBoth("iscsi-inq", ...DESIGNATOR_PAGE);
  await lab.down();
  await lab.up();
  expect(await throughBoth("iscsi-inq", ...DESIGNATOR_PAGE)).toEqual(before);
});
