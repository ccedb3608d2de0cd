// An isolated lab in two networks, the second of which is for data, under a host at work: operations and replication
// keep to it, go over the other one while it is cut, are named as lost meanwhile, and come back by themselves.
import { setTimeout } from "node:timers/promises";
import { type LabNetwork, networkOf, readLab } from "@ashlar/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Drills, STALL_MAX_MS } from "../../support/drills.ts";
import { whileLost } from "../../support/lost-network.ts";
import { run, until } from "../../support/tools.ts";
import type { VerifiedLoad } from "../../support/verified-load.ts";

const STORAGE = ["storage-1", "storage-2", "storage-3"];
const PROCESSES = ["metadata-1", "metadata-2", "metadata-3", ...STORAGE, "gateway-1", "gateway-2"];
const GOAL_MS = 2_000;
/** Of what goes between processes: asking for carriers, the catalog and pings go over the other network. */
const OTHER_SHARE_MAX = 0.05;
/** A look each five seconds, three of which must be well, and one connection at a time moves. */
const RETURN_MAX_MS = 60_000;

interface LostPath {
  readonly process: string;
  readonly peer: string;
  readonly path: string;
}

let drills: Drills;
let network: LabNetwork;

beforeAll(async () => {
  drills = await Drills.make("--isolate", "--networks", "2", "--data-network", "2");
  const found = networkOf(await readLab(drills.lab.dir));
  if (!found) throw new Error("the lab is not isolated");
  network = found;
});
afterAll(() => drills?.end());

/** Of connections that storage nodes have and have not closed: bytes received, by the address that they came in at or went to. */
async function received(port: RegExp): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  for (const name of STORAGE) {
    const { namespace, addresses } = network.host(name);
    const listed = await run(
      "ip",
      "netns",
      "exec",
      namespace,
      "ss",
      "-Htin",
      "state",
      "established",
    );
    for (const entry of listed.split(/\n(?=\S)/)) {
      const [, local = "", remote = ""] = /(\S+:\d+)\s+(\S+:\d+)/.exec(entry) ?? [];
      if (!port.test(local) && !port.test(remote)) continue;
      const at = addresses.find((address) => local.startsWith(`${address}:`));
      const count = Number(/bytes_received:(\d+)/.exec(entry)?.[1] ?? 0);
      if (at !== undefined) bytes.set(at, (bytes.get(at) ?? 0) + count);
    }
  }
  return bytes;
}

/** By network: the first is 0. */
async function perNetwork(port: RegExp): Promise<readonly [number, number]> {
  const sums: [number, number] = [0, 0];
  for (const [address, bytes] of await received(port)) {
    const which = STORAGE.some((name) => network.host(name).addresses[0] === address) ? 0 : 1;
    sums[which] += bytes;
  }
  return sums;
}

const DATA = /:7003$/;
const ANY = /:700[123]$/;

const lostPaths = async (): Promise<readonly LostPath[]> =>
  (await drills.lab.command<{ lostPaths: readonly LostPath[] }>("cluster", "status")).lostPaths;

async function cutFor(load: VerifiedLoad, which: 0 | 1, meanwhile: () => Promise<void>) {
  const chunks = await drills.watch.chunks(load.volume.name);
  const lost = { network, which, victims: PROCESSES, everybody: PROCESSES };
  await whileLost(lost, load, async () => {
    await meanwhile();
    // No failover, nobody out of sync, no copy made.
    expect(await drills.watch.chunks(load.volume.name)).toEqual(chunks);
  });
}

const drill = (name: string, fault: (load: VerifiedLoad) => Promise<void>): void =>
  test(name, () =>
    drills.run({ name, initiator: "own", rounds: 1, goalMs: GOAL_MS, stallMaxMs: GOAL_MS, fault }),
  );

drill("data keep to their network", async () => {
  await setTimeout(5_000);
  const [control, data] = await perNetwork(ANY);
  console.log(
    `received by storage nodes: ${control} bytes in the first network, ${data} in that for data`,
  );
  expect(data).toBeGreaterThan(0);
  expect(control / (control + data)).toBeLessThan(OTHER_SHARE_MAX);
});

drill("the network for data is cut", async (load) => {
  await cutFor(load, 1, async () => {
    const named = await until(
      "paths are named",
      STALL_MAX_MS,
      lostPaths,
      (lost) => lost.length > 0,
    );
    console.log(
      `named: ${named.map(({ process, peer, path }) => `${process}>${peer}@${path}`).join(" ")}`,
    );
    const isData = (path: string): boolean => path.startsWith("10.212.");
    expect(named.every(({ path }) => isData(path))).toBe(true);
    const [other, data] = await perNetwork(DATA);
    expect(other).toBeGreaterThan(0);
    expect(data, "connections that were cut are closed").toBe(0);
  });
  const healedMs = performance.now();
  const returned = async (): Promise<readonly [number, number]> => perNetwork(DATA);
  await until("data are back", RETURN_MAX_MS, returned, ([other, data]) => other === 0 && data > 0);
  console.log(
    `data are back in their network after ${Math.round(performance.now() - healedMs)} ms`,
  );
  await until("nothing is lost", RETURN_MAX_MS, lostPaths, ({ length }) => length === 0);
});

drill("the other network is cut", (load) =>
  cutFor(load, 0, async () => {
    const [other, data] = await perNetwork(DATA);
    expect([other, data > 0]).toEqual([0, true]);
  }),
);
