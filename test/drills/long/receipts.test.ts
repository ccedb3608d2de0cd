// Every drill that leaves a receipt, on a lab of four nodes with two disks each: each passes, no block is lost, and
// the table of stalls is printed. As root the lab is isolated, so that machines can be cut off.
import { afterAll, beforeAll, expect, test } from "vitest";
import { drillReceipt } from "../../support/drill-receipt.ts";
import { TestLab } from "../../support/test-lab.ts";

const DRILLS = [
  { name: "kill-node", rounds: 3, options: ["--rounds", "3"] },
  { name: "kill-gateway", rounds: 2, options: ["--rounds", "2"] },
  { name: "kill-leader", rounds: 3, options: ["--rounds", "3"] },
  { name: "blackout", rounds: 2, options: ["--rounds", "2"] },
  { name: "pull-disk", rounds: 1, options: [] },
  { name: "partition", rounds: 3, options: [] },
  { name: "pause", rounds: 3, options: [] },
  { name: "slow-disk", rounds: 1, options: [] },
  { name: "swap-node", rounds: 1, options: [] },
  { name: "rolling-restart", rounds: 9, options: [] },
  { name: "soak", rounds: 2, options: ["--rounds", "2"] },
];
const TIMEOUT_MS = 1_200_000;

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "4", "--disks", "2", "--isolate");
});
afterAll(() => lab?.remove());

test.each(DRILLS)(
  "$name, $rounds rounds",
  async ({ name, rounds, options }) => {
    const { impact } = await drillReceipt(lab, name, ...options);
    expect(impact.rounds).toHaveLength(rounds);
    const stalls = impact.rounds.map(({ stallMs }) => stallMs);
    console.log(`${name} x ${rounds}: longest stalls of a volume, in ms: ${stalls.join(", ")}`);
    for (const { errors, lost, stale, wrong, torn } of impact.volumes) {
      expect([errors, lost, stale, wrong, torn]).toEqual([0, 0, 0, 0, 0]);
    }
  },
  TIMEOUT_MS,
);
