// Which portals there are and which of them work, as a host hears it through any of them (implicit ALUA):
// a gateway that dies is told as unavailable by the other one, and as working when it is back.
import { scatterJoin } from "@ashlar/core";
import type { Session } from "@ashlar/initiator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionAt } from "../support/lab-sessions.ts";
import { TestLab } from "../support/test-lab.ts";
import { until } from "../support/tools.ts";

const DEADLINE_MS = 60_000;
const REPORT_TARGET_PORT_GROUPS = Buffer.from("a30a00000000000010000000", "hex");
const CHECK_CONDITION = 2;
const ACTIVE_OPTIMIZED = 0;
const UNAVAILABLE = 3;

let lab: TestLab;
let session: Session;
/** ASC and ASCQ of the unit attentions that came. */
const attentions: string[] = [];

beforeAll(async () => {
  lab = await TestLab.makeInMemory("--nodes", "1", "--metadata", "1");
  const volume = await lab.createVolume("ports", "64MiB", "--replicas", "1");
  session = await sessionAt(lab, volume, { gateway: 1, host: "host" });
});
afterAll(async () => {
  session?.drop();
  await lab?.remove();
});

/** State of each group by its number. */
async function groups(): Promise<Record<number, number>> {
  const command = { lun: 0, cdb: REPORT_TARGET_PORT_GROUPS, dataInLength: 4096 };
  const result = await session.execute(command);
  if (result.status === CHECK_CONDITION && result.sense) {
    const { asc, ascq } = result.sense;
    attentions.push(`${asc.toString(16)}/${ascq.toString(16)}`);
    return groups();
  }
  const report = scatterJoin(result.dataIn);
  const states: Record<number, number> = {};
  for (let at = 4; at < 4 + report.readUInt32BE(0); at += 12) {
    states[report.readUInt16BE(at + 2)] = report.readUInt8(at) & 0x0f;
  }
  return states;
}

const untilGroupsAre = (wanted: Record<number, number>) =>
  until(
    `groups ${JSON.stringify(wanted)}`,
    DEADLINE_MS,
    groups,
    (found) => JSON.stringify(found) === JSON.stringify(wanted),
  );

test("a gateway that dies is unavailable, keeps its group, and comes back to it", async () => {
  await untilGroupsAre({ 1: ACTIVE_OPTIMIZED, 2: ACTIVE_OPTIMIZED });
  attentions.length = 0;
  await lab.command("lab", "stop", "gateway-2", "--kill");
  await untilGroupsAre({ 1: ACTIVE_OPTIMIZED, 2: UNAVAILABLE });
  expect(attentions).toEqual(["2a/6"]);
  await lab.command("lab", "start", "gateway-2");
  await untilGroupsAre({ 1: ACTIVE_OPTIMIZED, 2: ACTIVE_OPTIMIZED });
  expect(attentions).toEqual(["2a/6", "2a/6"]);
});
