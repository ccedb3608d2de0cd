// The rehearsal against a cluster in memory: it passes, and whatever is broken on purpose is found in the step
// that is about it, with host, path, command and what was expected.
import { expect, test } from "vitest";
import type { Receipt, StepReport } from "../receipt.ts";
import { BentCluster } from "../testing/bent-cluster.ts";
import { BREAKAGES } from "../testing/breakages.ts";
import { VALIDATION_STEPS, validateCluster } from "./cluster-validation.ts";

const HOSTS = 3;
/** Owners look for challengers so often; with Windows it is 3 s. */
const DEFENCE_MS = 60;

const rehearse = (
  cluster: BentCluster,
  options: { onStep?: (step: StepReport) => void; signal?: AbortSignal } = {},
): Promise<Receipt> => {
  const { signal = new AbortController().signal, onStep } = options;
  const settings = { signal, defenceMs: DEFENCE_MS, ...(onStep && { onStep }) };
  return validateCluster(cluster.shape(HOSTS), settings, cluster);
};

test("a cluster that is as it should be passes every step, and commands are counted", async () => {
  const receipt = await rehearse(new BentCluster());
  expect(receipt.steps.flatMap(({ findings }) => findings)).toEqual([]);
  expect(receipt).toMatchObject({ drill: "cluster-validation", verdict: "PASS", version: 1 });
  expect(receipt.steps.map(({ name }) => name)).toEqual(VALIDATION_STEPS);
  expect(receipt.setting).toEqual({
    hosts: HOSTS,
    gateways: ["gateway-1", "gateway-2"],
    disks: ["disk-1", "disk-2"],
  });
  const reservation = receipt.steps.find(({ name }) => name === "persistent-reservation");
  const [reserving] = reservation?.commands ?? [];
  expect(reserving).toMatchObject({ kind: "persistent reservations", limitMs: 3_000 });
  expect(reserving?.count).toBeGreaterThan(100);
});

test.each(BREAKAGES)("$what: found by $step", async ({ bending: bent, step, finding }) => {
  const reports: StepReport[] = [];
  const enough = new AbortController();
  const onStep = (report: StepReport): void => {
    reports.push(report);
    if (report.verdict !== "pass") enough.abort(new Error("found"));
  };
  const rehearsal = rehearse(new BentCluster(bent), { onStep, signal: enough.signal });
  await expect(rehearsal).rejects.toThrow("found");
  const failed = reports.at(-1);
  expect(failed?.name).toBe(step);
  const findings = failed?.findings ?? [];
  expect(findings).toContainEqual(expect.objectContaining({ step, ...finding }));
  for (const { host, disk, path } of findings) expect([host, disk, path]).not.toContain("");
});

test("a step that fails does not keep the next ones from being done; one that all need does", async () => {
  const failing = async (what: string): Promise<Receipt> => {
    const breakage = BREAKAGES.find((each) => each.what === what);
    return rehearse(new BentCluster(breakage?.bending));
  };
  const silent = await failing("a rotation rate that is not told");
  const verdicts = silent.steps.map(({ name, verdict }) => [name, verdict]);
  expect(silent.verdict).toBe("FAIL");
  expect(verdicts.filter(([, verdict]) => verdict !== "pass")).toEqual([["device-vpd", "fail"]]);
  const missing = await failing("a gateway without one of the disks");
  const later = missing.steps.slice(1).map(({ verdict }) => verdict);
  expect(new Set(later)).toEqual(new Set(["not-run"]));
});
