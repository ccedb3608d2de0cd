// Orders of events that no socket can be made to show.
import { ScsiTarget } from "@ashlar/scsi";
import { expect, test } from "vitest";
import { type SessionHolder, SessionRegistry } from "./session-registry.ts";

const NAMES = { initiatorName: "iqn.2026-11.test:a", targetName: "iqn.2026-11.test:t" };

function holder(): SessionHolder & { ended: number } {
  const made = {
    ended: 0,
    end: async () => {
      made.ended += 1;
    },
    abortTasks: () => {},
    interruptForbidden: () => {},
    requestLogout: () => {},
  };
  return made;
}

test("a login that found its target just before it was deleted gets no session", async () => {
  const registry = new SessionRegistry();
  const scsi = new ScsiTarget();
  const identity = {
    kind: "normal",
    isid: "80123456789a",
    admittedAs: undefined,
    scsi,
    ...NAMES,
  } as const;
  await registry.endTarget(scsi);
  expect(await registry.open(identity, { tpgt: 1, holder: holder() })).toBeUndefined();
  expect(registry.count).toBe(0);
});

test("of two logins of one nexus that wait for the same older session one stays", async () => {
  const registry = new SessionRegistry();
  const identity = {
    kind: "normal",
    isid: "80123456789a",
    admittedAs: undefined,
    scsi: new ScsiTarget(),
    ...NAMES,
  } as const;
  const [older, first, second] = [holder(), holder(), holder()];
  await registry.open(identity, { tpgt: 1, holder: older });
  const entries = await Promise.all(
    [first, second].map((each) => registry.open(identity, { tpgt: 1, holder: each })),
  );
  expect(registry.count).toBe(1);
  expect(entries.every((entry) => entry?.reinstated)).toBe(true);
  expect([first, second].map(({ ended }) => ended)).toEqual([1, 0]);
});
