// The folder of a machine on a real disk. What must never happen: a second cluster beside a first.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Loaded ahead of the tests, which have limits of time: the founding loads it only when it is needed.
import "@ashlar/metadata";
import { clusterId } from "@ashlar/core";
import { nodeDisk, nodeRandom } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Machine } from "./machine.ts";
import { findMachine, foundMachine, requireMachine, writeMachine } from "./machine-folder.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ashlar-machine-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const machine = (name = "a"): Machine => ({
  clusterId: clusterId(nodeRandom.uuid()),
  name,
  dir,
  host: "127.0.0.1",
  basePort: 7_001,
  members: [{ nodeId: `metadata-${name}`, address: "127.0.0.1:7001" }],
  hasMember: true,
  disks: [],
  zone: "",
});

test("a cluster is founded once; given again, the command finds it, also when its data are lost", async () => {
  await expect(requireMachine(dir)).rejects.toThrow("there is no machine of a cluster");
  const first = await foundMachine(machine());
  expect(await requireMachine(dir)).toEqual(first);
  rmSync(join(dir, "metadata-a"), { recursive: true });
  expect(await foundMachine(machine())).toEqual(first);
  await expect(nodeDisk.list(join(dir, "metadata-a"))).rejects.toThrow();
});

test("a founding that was cut short goes on under the id that was chosen", async () => {
  const planned = machine();
  await writeMachine(planned, "planned");
  await expect(requireMachine(dir)).rejects.toThrow("there is no machine of a cluster");
  expect((await foundMachine(machine())).clusterId).toBe(planned.clusterId);
  expect((await findMachine(dir))?.stage).toBe("ready");
});

test("the folder of another machine is refused", async () => {
  await foundMachine(machine());
  await expect(foundMachine(machine("b"))).rejects.toMatchObject({ code: "cluster/exists" });
  await expect(writeMachine(machine(), "ready")).rejects.toMatchObject({ code: "cluster/exists" });
});
