// The receipt of a drill that a test runs as a user does, and that must have passed.
import type { Impact, Receipt } from "@ashlar/lab";
import { ashlarOutcome, type TestLab } from "./test-lab.ts";

export type DrillReceipt = Receipt & { readonly impact: Impact };

/** @throws an error with all findings when the drill did not pass. */
export async function drillReceipt(
  { dir }: TestLab,
  name: string,
  ...options: string[]
): Promise<DrillReceipt> {
  const outcome = await ashlarOutcome("drill", name, "--dir", dir, "--json", ...options);
  const receipt = JSON.parse(outcome.stdout) as Receipt;
  const { verdict, impact } = receipt;
  if (outcome.exit === 0 && verdict === "PASS" && impact) return { ...receipt, impact };
  throw new Error(`drill ${name}: exit ${outcome.exit}\n${outcome.stdout}\n${outcome.stderr}`);
}
