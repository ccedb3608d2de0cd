// How gateways and storage nodes live through changes of the metadata group's leader.
import type { CatalogView } from "@ashlar/catalog";
import { diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { nodeClock, nodeRandom, type Startable, silentLog } from "@ashlar/runtime";
import { afterEach, expect, test } from "vitest";
import type { CatalogClient, StorageRegistration } from "./catalog-client.ts";
import { createCatalogClient } from "./catalog-client-grpc.ts";
import type { WatchMessage } from "./gen/ashlar/v1/WatchMessage.ts";
import { emptyList, startMembers, TEST_CLUSTER, type TestMember } from "./testing/test-member.ts";

const RUN = "run-of-term-1";
const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

const within = () => ({ signal: AbortSignal.timeout(20_000) });

async function group(count: number): Promise<TestMember[]> {
  const members = await startMembers(count);
  open.push(...members);
  return members;
}

async function clientOf(members: readonly TestMember[]): Promise<CatalogClient & Startable> {
  const client = createCatalogClient({
    clusterId: TEST_CLUSTER,
    metadata: members.map(({ address }) => address),
    clock: nodeClock,
    random: nodeRandom,
    log: silentLog,
  });
  await client.start();
  open.push(client);
  return client;
}

/** One more gateway, as of entry `index`. */
const gatewayStep = (gateway: string, index: number): WatchMessage => ({
  ...emptyList(RUN, index),
  full: false,
  changes: [{ gateway: { gateway, state: "up", incarnation: index, bootId: "b", portals: [] } }],
});

/** Serves the watch as a leader does: in full, or what came after the position asked for. */
function lead(leader: TestMember, steps: readonly WatchMessage[] = []): void {
  leader.part = "leads";
  leader.firstStep = ({ logId, fromIndex }) =>
    logId === RUN
      ? steps.filter(({ index }) => Number(index) > fromIndex)
      : [emptyList(RUN, 1), ...steps];
}

function until(client: CatalogClient, met: (view: CatalogView) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (met(client.view)) resolve();
    };
    client.onChanges(look);
    look();
  });
}

const registration: StorageRegistration = {
  node: nodeId("storage-1"),
  bootId: "boot-1",
  address: "127.0.0.1:7001",
  disks: [
    {
      disk: diskId("disk-1"),
      storeUuid: storeUuid("00000000-0000-4000-8000-000000000001"),
      sizeBytes: MIB,
      state: "up",
    },
  ],
  familySeen: 0,
  incarnationSeen: 0,
  zone: "",
};

test("the watch goes on at another leader where it was, without a full list", async () => {
  const [first, second] = (await group(2)) as [TestMember, TestMember];
  lead(first, [gatewayStep("gateway-1", 2)]);
  const client = await clientOf([first, second]);
  await client.ready(within());
  await until(client, ({ gateways }) => gateways.size === 1);
  lead(second, [gatewayStep("gateway-1", 2), gatewayStep("gateway-2", 3)]);
  await first.stop();
  await until(client, ({ gateways }) => gateways.size === 2);
  expect(client.view.appliedIndex).toBe(3);
  expect(second.asks("Watch").map(({ request }) => request)).toEqual([
    expect.objectContaining({ logId: RUN, fromIndex: 2 }),
  ]);
});

test("a client that starts while the first member it knows is stopped finds the leader", async () => {
  const [stopped, leader] = (await group(2)) as [TestMember, TestMember];
  stopped.part = "silent";
  lead(leader);
  const client = await clientOf([stopped, leader]);
  await expect(client.ready(within())).resolves.toBeUndefined();
  expect(stopped.asks("Watch")).toEqual([]);
});

test("unheard pings move the watch away from a leader that was stopped", async () => {
  const [stopped, next] = (await group(2)) as [TestMember, TestMember];
  lead(stopped);
  stopped.answersPings = false;
  stopped.on("RegisterStorage", () => ({ incarnation: 1, index: 1, pingIntervalMs: 250 }));
  const client = await clientOf([stopped, next]);
  await client.registerStorage(registration, () => ({ disks: [] }), within());
  lead(next, [gatewayStep("gateway-1", 2)]);
  await until(client, ({ gateways }) => gateways.size === 1);
  await expect.poll(() => next.pings).toBeGreaterThan(0);
});

test("members that joined are found where nobody configured them", async () => {
  const [first, joined] = (await group(2)) as [TestMember, TestMember];
  const member = { node: "metadata-2", address: joined.address, member: 5 };
  const expected = { node: "metadata-3", address: "127.0.0.1:1", member: 0 };
  lead(first, [{ ...emptyList(RUN, 2), full: false, changes: [{ member }, { member: expected }] }]);
  const client = await clientOf([first]);
  await until(client, ({ members }) => members.size === 2);
  joined.on("ReadIndex", () => ({ index: 2 }));
  lead(joined);
  await first.stop();
  await expect(client.catchUp(within())).resolves.toBeUndefined();
});

test("a proposal that is sent again keeps its name, and the next one has another", async () => {
  const [first, second] = (await group(2)) as [TestMember, TestMember];
  for (const leader of [first, second]) {
    lead(leader);
    leader.on("Open", () => ({ session: 9 }));
  }
  first.on("StoreDown", async () => {
    await first.stop();
    return {};
  });
  const client = await clientOf([first, second]);
  const store = storeUuid("00000000-0000-4000-8000-000000000001");
  await client.storeDown(store, within());
  await client.storeDown(store, within());
  const names = [...first.asks("StoreDown"), ...second.asks("StoreDown")].map(
    ({ proposal }) => proposal && [proposal.session, proposal.sequence],
  );
  expect(names).toEqual([
    [9, 1],
    [9, 1],
    [9, 2],
  ]);
  expect([first, second].flatMap((member) => member.asks("Open"))).toHaveLength(1);
});
