// An isolated lab in two networks, under a host at work: one of them is cut, for one process or for all, longer
// than silence takes to be noticed. Whoever has the other one left goes on, nobody is taken for dead, and
// nothing is copied.
import { type LabNetwork, networkOf, readLab } from "@ashlar/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Drills } from "../../support/drills.ts";
import { whileLost } from "../../support/lost-network.ts";
import type { VerifiedLoad } from "../../support/verified-load.ts";

/** As long as a partition, which takes a failover. */
const GOAL_MS = 2_000;
const METADATA = ["metadata-1", "metadata-2", "metadata-3"];
const STORAGE = ["storage-1", "storage-2", "storage-3"];
/** Hosts come from outside by the first network, which is not theirs to cut. */
const PROCESSES = [...METADATA, ...STORAGE, "gateway-1", "gateway-2"];

interface Nodes {
  readonly nodes: readonly { readonly id: string; readonly incarnation: number }[];
}

let drills: Drills;
let network: LabNetwork;

beforeAll(async () => {
  drills = await Drills.make("--isolate", "--networks", "2");
  const found = networkOf(await readLab(drills.lab.dir));
  if (!found) throw new Error("the lab is not isolated");
  network = found;
});
afterAll(() => drills?.end());

type Victim = "primary" | "backup" | "gateway-1" | "leader" | "everybody";

interface Members {
  readonly members: readonly { readonly id: string; readonly role: string }[];
}

async function leader(): Promise<string> {
  const { members } = await drills.lab.command<Members>("cluster", "member", "list");
  return members.find(({ role }) => role === "leader")?.id ?? "";
}

async function victimsOf(victim: Victim, load: VerifiedLoad): Promise<readonly string[]> {
  if (victim === "everybody") return PROCESSES;
  if (victim === "leader") return [await leader()];
  if (victim === "gateway-1") return [victim];
  return [(await drills.watch.rolesOf(load.volume.name))[victim]];
}

/** Who is registered, under which number: another one if it was ever taken for dead. */
async function incarnations(): Promise<readonly string[]> {
  const { nodes } = await drills.lab.command<Nodes>("node", "list");
  return nodes.map(({ id, incarnation }) => `${id} ${incarnation}`);
}

async function cutNetwork(load: VerifiedLoad, victim: Victim, which: 0 | 1): Promise<void> {
  const before = await incarnations();
  const chunks = await drills.watch.chunks(load.volume.name);
  const ones = await victimsOf(victim, load);
  const lost = { network, which, victims: ones, everybody: PROCESSES };
  await whileLost(lost, load, async () => {
    expect(await incarnations()).toEqual(before);
    // No failover, nobody out of sync, no copy made.
    expect(await drills.watch.chunks(load.volume.name)).toEqual(chunks);
  });
}

const NAMES = ["the first network", "the second network"] as const;

function drill(victim: Victim, which: 0 | 1): void {
  const name = `${victim} loses ${NAMES[which]}`;
  test(name, () =>
    drills.run({
      name,
      initiator: "own",
      rounds: 1,
      goalMs: GOAL_MS,
      stallMaxMs: GOAL_MS,
      fault: (load) => cutNetwork(load, victim, which),
    }),
  );
}

drill("primary", 0);
drill("primary", 1);
drill("backup", 0);
drill("backup", 1);
drill("gateway-1", 0);
drill("gateway-1", 1);
drill("leader", 0);
drill("leader", 1);
drill("everybody", 0);
drill("everybody", 1);
