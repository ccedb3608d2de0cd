// The demo volume against an administration in memory that comes up step by step.
import { type NodeId, nodeId, SystemError, type VolumeName, volumeName } from "@ashlar/core";
import type { AdminClient, ClusterStatus, VolumeStatus } from "@ashlar/rpc";
import { type Clock, nodeRandom } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { ensureVolume, missingLine } from "./demo.ts";

const { signal } = new AbortController();
const site = { storage: 2, gateways: 1 };
const wanted = { name: volumeName("demo"), sizeBytes: 2 ** 30, site };

/** A clock on which every wait is over at once, and which knows how long all of them were. */
function quickClock(): Clock {
  let nowMs = 0;
  const after: Clock["after"] = (ms, call) => {
    nowMs += ms;
    queueMicrotask(call);
    return { cancel: () => {} };
  };
  return { nowMs: () => nowMs, wallMs: () => nowMs, after, every: after };
}

const processes = (kind: string, states: string): { id: NodeId; state: "up" | "down" }[] =>
  [...states].map((one, at) => ({
    id: nodeId(`${kind}-${at + 1}`),
    state: one === "+" ? "up" : "down",
  }));

const cluster = (metadata: string, storage: string, gateways: string): ClusterStatus =>
  ({
    metadata: processes("metadata", metadata),
    storage: processes("storage", storage),
    gateways: processes("gateway", gateways),
  }) as unknown as ClusterStatus;

/** Answers with one state after the other, then stays at the last; volumes are kept. */
function administration(states: readonly (ClusterStatus | SystemError)[], names: string[] = []) {
  const made: string[] = [];
  let at = -1;
  const current = (): ClusterStatus | SystemError | undefined => states[Math.max(at, 0)];
  const volume = (name: VolumeName): VolumeStatus => ({ name }) as VolumeStatus;
  const admin: Pick<AdminClient, "clusterStatus" | "getVolume" | "createVolume"> = {
    getVolume: async (name) => {
      at = Math.min(at + 1, states.length - 1);
      const state = current();
      if (state instanceof SystemError) throw state;
      if (names.includes(name)) return volume(name);
      throw new SystemError("volume/not-found", "none");
    },
    clusterStatus: async () => current() as ClusterStatus,
    createVolume: async (options) => {
      made.push(options.name);
      return volume(options.name);
    },
  };
  return { admin, made };
}

function ensure(admin: Parameters<typeof ensureVolume>[0]["admin"]) {
  const told: string[] = [];
  const onProgress = (line: string): void => void told.push(line);
  const ports = { clock: quickClock(), random: nodeRandom, admin, onProgress };
  return { told, done: ensureVolume(ports, wanted, { signal }) };
}

test("it waits for members, nodes and gateways, says for which, and makes the volume once", async () => {
  const { admin, made } = administration([
    new SystemError("cluster/unavailable", "no leader"),
    cluster("+--", "", ""),
    cluster("+++", "+-", "+"),
    cluster("+++", "++", "+"),
  ]);
  const { told, done } = ensure(admin);
  expect(await done).toMatchObject({ isNew: true });
  expect(made).toEqual(["demo"]);
  expect(told).toEqual([
    "waiting: for the metadata members",
    "waiting: 1 of 3 metadata members, 0 of 2 storage nodes, 0 of 1 gateways",
    "waiting: 3 of 3 metadata members, 1 of 2 storage nodes, 1 of 1 gateways",
  ]);
});

test("a volume that is there is found also while a node is missing", async () => {
  const { admin, made } = administration([cluster("++-", "+-", "-")], ["demo"]);
  expect(await ensure(admin).done).toMatchObject({ isNew: false });
  expect(made).toEqual([]);
});

test("what never comes ends the wait, with what was missing", async () => {
  const { admin } = administration([cluster("+++", "+", "+")]);
  await expect(ensure(admin).done).rejects.toMatchObject({
    code: "cluster/unavailable",
    message: expect.stringContaining("1 of 2 storage nodes"),
  });
});

test("any other refusal is told at once", async () => {
  const { admin } = administration([new SystemError("cluster/wrong-cluster", "another")]);
  await expect(ensure(admin).done).rejects.toMatchObject({ code: "cluster/wrong-cluster" });
});

test("more than was asked for is not waited for", () => {
  expect(missingLine(site, cluster("+++", "+++", "++"))).toBeUndefined();
});
