// Sessions of our own initiator with a lab's gateways, and signals to its processes.
import { openSession, parsePortal, type Session } from "@ashlar/initiator";
import type { TestLab, VolumeDocument } from "./test-lab.ts";

/** A host's session with a volume through one gateway, counted from 1. */
export function sessionAt(
  lab: TestLab,
  { iqn }: VolumeDocument,
  { gateway, host }: { readonly gateway: number; readonly host: string },
): Promise<Session> {
  const initiatorName = `iqn.2026-11.io.ashlar.test:${host}`;
  const identity = { initiatorName, isid: `80123456789${gateway}`, targetName: iqn };
  return openSession(parsePortal(lab.portals[gateway - 1] ?? ""), identity);
}

export async function signalTo(
  lab: TestLab,
  ids: readonly string[],
  signal: NodeJS.Signals,
): Promise<void> {
  for (const id of ids) process.kill((await lab.pidOf(id)) ?? 0, signal);
}
