// The data path of an isolated lab while its network is cut: a storage node or a gateway loses everybody,
// or some, both ways or one; longer than silence takes to be noticed, and until the host is served again
// in spite of it; then the network heals.
import { setTimeout } from "node:timers/promises";
import { type LabNetwork, networkOf, OUTSIDE, readLab } from "@ashlar/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Drills, STALL_MAX_MS } from "../support/drills.ts";
import type { InitiatorKind } from "../support/load-host.ts";
import { until } from "../support/tools.ts";
import type { VerifiedLoad } from "../support/verified-load.ts";

/** A short run by default; `npm run drills` does all. */
const { ASHLAR_DRILLS } = process.env;
const whole = ASHLAR_DRILLS === "all";
/** Five times what silence of pings takes to be noticed. */
const HELD_MS = 3_000;
const GOAL_MS = 1_500;
/** Operations that complete while a partition lasts: more than were under way when it began. */
const SERVED = 20;
/** All copies are in sync again within so long of the healing. */
const RETURN_MAX_MS = 8_000;

const METADATA = ["metadata-1", "metadata-2", "metadata-3"];
const STORAGE = ["storage-1", "storage-2", "storage-3"];
const GATEWAYS = ["gateway-1", "gateway-2"];

/** Who loses whom. */
type Victim = "primary" | "backup" | "gateway-1";
type Peers = "everybody" | "storage" | "metadata" | "gateways" | "primary";
/** What is lost: both ways, what it should hear, what it says. */
type Ways = "both" | "heard" | "said";

let drills: Drills;
let network: LabNetwork;

beforeAll(async () => {
  drills = await Drills.make("--isolate");
  const found = networkOf(await readLab(drills.lab.dir));
  if (!found) throw new Error("the lab is not isolated");
  network = found;
});
afterAll(() => drills?.end());

function peersOf(peers: Peers, roles: { readonly primary: string }): readonly string[] {
  switch (peers) {
    case "everybody":
      return [...METADATA, ...STORAGE, ...GATEWAYS, OUTSIDE];
    case "storage":
      return STORAGE;
    case "metadata":
      return METADATA;
    case "gateways":
      return GATEWAYS;
    case "primary":
      return [roles.primary];
  }
}

interface Partition {
  readonly victim: Victim;
  readonly ways: Ways;
  readonly peers: Peers;
  /** Whether the host is served while it lasts; else only when it is over. */
  readonly served: boolean;
}

async function partition(
  load: VerifiedLoad,
  { victim, ways, peers, served }: Partition,
): Promise<void> {
  const roles = await drills.watch.rolesOf(load.volume.name);
  const one = victim === "gateway-1" ? victim : roles[victim];
  const others = peersOf(peers, roles).filter((other) => other !== one);
  const lost = others.flatMap((other) => [
    ...(ways === "heard" ? [] : [[one, other] as const]),
    ...(ways === "said" ? [] : [[other, one] as const]),
  ]);
  await network.cutAll(lost);
  try {
    await setTimeout(HELD_MS);
    const { operations } = load;
    const more = async (): Promise<number> => load.operations - operations;
    if (served) await until("I/O goes on", STALL_MAX_MS, more, (count) => count >= SERVED);
  } finally {
    await network.healAll(lost);
  }
  const healedMs = performance.now();
  await drills.watch.untilWhole(load.volume.name);
  const tookMs = Math.round(performance.now() - healedMs);
  drills.table.push(`  all copies in sync ${tookMs} ms after the healing`);
  expect(tookMs).toBeLessThan(RETURN_MAX_MS);
}

const WAYS: Readonly<Record<Ways, string>> = {
  both: "and",
  heard: "does not hear",
  said: "is not heard by",
};

interface Options {
  readonly initiator?: InitiatorKind;
  readonly served?: boolean;
  /** In the short run too. */
  readonly always?: boolean;
}

function drill(
  victim: Victim,
  ways: Ways,
  peers: Peers,
  { initiator = "qemu", served = true, always = false }: Options = {},
): void {
  if (!always && !whole) return;
  const name = `${victim} ${WAYS[ways]} ${peers}`;
  test(`partition: ${name}`, () =>
    drills.run({
      name,
      initiator,
      rounds: 1,
      goalMs: GOAL_MS,
      fault: (load) => partition(load, { victim, ways, peers, served }),
    }));
}

drill("primary", "both", "everybody", { always: true });
drill("primary", "both", "storage");
drill("primary", "both", "metadata");
drill("primary", "both", "gateways", { always: true });
drill("primary", "heard", "everybody");
drill("primary", "said", "everybody");
drill("backup", "both", "everybody");
drill("backup", "both", "storage");
drill("backup", "both", "metadata");
drill("backup", "both", "gateways");
drill("backup", "heard", "everybody");
drill("backup", "said", "everybody");
// Hosts have other paths than a gateway that is cut off, and take them when their own timers say so.
drill("gateway-1", "both", "storage", { initiator: "own", served: false });
drill("gateway-1", "both", "metadata", { initiator: "own" });
drill("gateway-1", "both", "primary", { initiator: "own" });
