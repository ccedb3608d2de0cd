// Without the metadata service nothing of a volume can be changed, and I/O goes on (L4).
import { scatterJoin } from "@ashlar/core";
import { LogicalUnit, type Session } from "@ashlar/initiator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionAt, signalTo } from "../../support/lab-sessions.ts";
import { MetadataGroup } from "../../support/metadata-group.ts";
import { TestLab, type VolumeDocument } from "../../support/test-lab.ts";
import { until } from "../../support/tools.ts";

const DEADLINE_MS = 60_000;
const BLOCK = 4096;
const TASK_RESPONSE = { complete: 0, rejected: 255 };
const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];

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

const host = (volume: VolumeDocument, gateway: number): Promise<Session> =>
  sessionAt(lab, volume, { gateway, host: "no-metadata" });

test("without the metadata service a reset is rejected, and I/O goes on (L4)", async () => {
  const volume = await lab.createVolume("alone", "64MiB");
  const session = await host(volume, 1);
  const other = await LogicalUnit.open(await host(volume, 2), { lun: 0 });
  await other.write(0, block(7), forever);
  await signalTo(lab, MEMBERS, "SIGSTOP");
  try {
    const reset = session.resetLogicalUnit(0);
    await other.write(BLOCK, block(8), forever);
    expect(scatterJoin(await other.read(0, BLOCK, forever))[0]).toBe(7);
    expect(await reset).toBe(TASK_RESPONSE.rejected);
    expect(scatterJoin(await other.read(BLOCK, BLOCK, forever))[0]).toBe(8);
  } finally {
    await signalTo(lab, MEMBERS, "SIGCONT");
  }
  await group.untilInStep(...MEMBERS);
  const again = await until(
    "a reset",
    DEADLINE_MS,
    () => session.resetLogicalUnit(0),
    (response) => response === TASK_RESPONSE.complete,
  );
  expect(again).toBe(TASK_RESPONSE.complete);
  session.drop();
});
