// Who is declared down, under a clock that stands still until told.
import { MIB, nodeId, volumeId, volumeName } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ClusterShutdown } from "../cluster-shutdown.ts";
import type { GroupLog } from "../group/group-log.ts";
import { registrationOf, storeOf } from "../testing/metadata-fixture.ts";
import { gatewayUp, nodeUp, TestGroup } from "../testing/test-group.ts";
import { LogHeartbeatService } from "./heartbeat-service.ts";

const A = nodeId("storage-1");
let group: TestGroup;
let log: GroupLog;
let shutdown: ClusterShutdown;

beforeEach(async () => {
  group = await TestGroup.of(1);
  await group.settle();
  log = group.leader().log;
});
afterEach(() => group.stop());

async function service(): Promise<LogHeartbeatService> {
  const placement = { heard: () => [] };
  shutdown = new ClusterShutdown({ replicatedLog: log, log: silentLog });
  await shutdown.start();
  const heartbeat = new LogHeartbeatService(
    {
      replicatedLog: log,
      clock: group.clock,
      log: silentLog,
      placement,
      onMemberExit: () => false,
      shutdown,
    },
    { pingIntervalMs: 200, pingsMissedMax: 5 },
  );
  await heartbeat.start();
  return heartbeat;
}

const register = (bootId: string) => log.propose(nodeUp(bootId));
const stateOf = () => log.view.nodes.get(A)?.state;
/** Lets what was proposed so far become durable and applied. */
const settled = () => log.propose({ kind: "gatewayDown", gateway: A, incarnation: 0 });
/** Of a process with one path to the leader, of a release that does not count its pings. */
const NOT_COUNTED = { serial: 0, path: 0 } as const;
/** Of the process that is registered now. */
const ping = () => ({
  process: A,
  incarnation: log.view.nodes.get(A)?.incarnation ?? 0,
  report: { disks: [] },
  silent: [],
  lostPaths: [],
  sessions: undefined,
  ...NOT_COUNTED,
});

test("a node that pings lives, one that stops is down after five missed pings", async () => {
  const heartbeat = await service();
  await register("a");
  for (let count = 0; count < 20; count += 1) {
    group.clock.advance(200);
    expect(heartbeat.ping(ping())).toMatchObject({ superseded: false });
  }
  await settled();
  expect(stateOf()).toBe("up");
  group.clock.advance(900);
  await settled();
  expect(stateOf()).toBe("up");
  group.clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
  expect(heartbeat.ping(ping())).toMatchObject({ superseded: true, answer: true });
});

test("what hosts ask of a node holds until it tells otherwise", async () => {
  const heartbeat = await service();
  await register("a");
  const load = {
    windowMs: 5_000,
    operationsPerSecond: 7,
    bytesPerSecond: 7,
    stores: [],
    volumes: [],
  };
  heartbeat.ping({ ...ping(), report: { disks: [], load } });
  heartbeat.ping(ping());
  expect(heartbeat.reportOf(A)?.load).toEqual(load);
  const more = { ...load, windowMs: 10_000 };
  heartbeat.ping({ ...ping(), report: { disks: [], load: more } });
  expect(heartbeat.reportOf(A)?.load).toEqual(more);
  await heartbeat.stop();
});

test("network paths that processes do not hear are told by names, as long as who told them is up", async () => {
  const heartbeat = await service();
  await register("a");
  const member = { id: "metadata-1", address: "10.0.1.1:1,10.0.2.1:1" };
  const lostPaths = [{ address: member.address, path: "10.0.2.1:1" }];
  heartbeat.ping({ ...ping(), lostPaths });
  const told = { process: A, peer: "metadata-1", path: "10.0.2.1:1" };
  expect(heartbeat.lostPaths([member])).toEqual([told]);
  group.clock.advance(2_000);
  await settled();
  expect([stateOf(), heartbeat.lostPaths([member])]).toEqual(["down", []]);
  await heartbeat.stop();
});

test("a new leader gives those who were up two seconds to find it", async () => {
  await register("a");
  const member = await group.restart(group.leader().name);
  await group.until(() => member.log.leads);
  log = member.log;
  const heartbeat = await service();
  group.clock.advance(1_900);
  await settled();
  expect(stateOf()).toBe("up");
  group.clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
  await heartbeat.stop();
});

test("who does not lead hears nobody and declares nobody", async () => {
  const heartbeat = await service();
  await register("a");
  log.onSoftState({ leader: 0, role: "follower" });
  expect(() => heartbeat.ping(ping())).toThrow("no metadata member leads");
  group.clock.advance(60_000);
  await group.settle();
  expect(stateOf()).toBe("up");
});

test("pings are answered now and then, so that a silent leader is noticed", async () => {
  const heartbeat = await service();
  await register("a");
  const answers: boolean[] = [];
  for (let count = 0; count < 6; count += 1) {
    group.clock.advance(200);
    answers.push(heartbeat.ping(ping()).answer);
  }
  expect(answers).toEqual([true, false, false, true, false, false]);
});

test("the same ping over two paths is heard once and answered on both, one that comes late is not heard", async () => {
  const heartbeat = await service();
  await register("a");
  const store = (freeBytes: number) =>
    ({ storeUuid: storeOf(1), sizeBytes: 10, freeBytes, state: "up" }) as const;
  const say = (serial: number, path: number, freeBytes: number) =>
    heartbeat.ping({ ...ping(), serial, path, report: { disks: [store(freeBytes)] } });
  const freeBytes = () => heartbeat.reportOf(A)?.disks[0]?.freeBytes;
  expect([say(1, 0, 1).answer, say(1, 1, 2).answer]).toEqual([true, true]);
  expect(freeBytes()).toBe(1);
  group.clock.advance(800);
  expect([say(5, 1, 5).answer, freeBytes()]).toEqual([true, 5]);
  // What a network held back that was cut: no sign of life, and no news.
  group.clock.advance(900);
  say(4, 0, 4);
  expect(freeBytes()).toBe(5);
  group.clock.advance(200);
  await settled();
  await expect.poll(stateOf).toBe("down");
  await register("b");
  say(1, 0, 7);
  expect(freeBytes()).toBe(7);
});

test("a ping of an earlier incarnation keeps nobody alive", async () => {
  const heartbeat = await service();
  await register("a");
  const earlier = ping();
  await register("b");
  group.clock.advance(900);
  expect(heartbeat.ping(earlier)).toMatchObject({ superseded: true, answer: true });
  group.clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
});

test("one declared down by an exit report is not declared again", async () => {
  const heartbeat = await service();
  await register("a");
  await heartbeat.reportExit({ process: A, bootId: "a", status: "signal SIGKILL" });
  expect(stateOf()).toBe("down");
  const { appliedIndex } = log.view;
  group.clock.advance(5_000);
  await settled();
  expect(log.view.appliedIndex).toBe(appliedIndex + 1);
});

test("what a full disk kept from being declared is declared when there is room", async () => {
  await service();
  await register("a");
  const disk = group.diskOf(group.leader().name);
  disk.sizeBytesMax = 1;
  group.clock.advance(1_100);
  await group.settle();
  await expect(settled()).rejects.toMatchObject({ code: "disk/no-space" });
  expect(stateOf()).toBe("up");
  disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
  group.clock.advance(1_200);
  await group.until(() => group.leader().host.noSpace === undefined);
  await settled();
  expect(stateOf()).toBe("down");
});

/** Two nodes, both with all chunks of a volume. */
async function pairOfNodes(): Promise<void> {
  for (const node of [1, 2]) await log.propose({ kind: "nodeUp", ...registrationOf(node) });
  const volume = {
    volume: volumeId("10000000-0000-4000-8000-000000000001"),
    name: volumeName("demo"),
    sizeBytes: 64 * MIB,
    blockSize: 512,
    replicas: 2,
    createdAt: "",
    access: "any" as const,
  };
  await log.propose({ kind: "beginVolume", ...volume });
  const family = log.drafts[0]!.record.family;
  await log.propose({ kind: "extendVolume", family, chunks: 4 });
  await log.propose({ kind: "finishVolume", family });
}

/** One of two nodes pings for so long. */
async function pingAlone(heartbeat: LogHeartbeatService, node: number, forMs: number) {
  const { node: process } = registrationOf(node);
  for (let ms = 0; ms < forMs; ms += 200) {
    const { incarnation = 0 } = log.view.nodes.get(process) ?? {};
    heartbeat.ping({
      process,
      incarnation,
      report: { disks: [] },
      sessions: undefined,
      silent: [],
      lostPaths: [],
      ...NOT_COUNTED,
    });
    group.clock.advance(200);
    await settled();
  }
}
/** The nodes that are in sync with all chunks of the pair's volume. */
const nodesInSync = () => {
  const chunks = [...log.view.volumes.values()].flatMap(({ family }) => log.view.chunksOf(family));
  return [1, 2].filter((node) => chunks.every(({ isr }) => isr.includes(storeOf(node))));
};

test("P16: those that fall silent together stay in sync, and who is back first waits for the others", async () => {
  const heartbeat = await service();
  await pairOfNodes();
  group.clock.advance(1_200);
  await settled();
  await settled();
  expect([...log.view.nodes.values()].map(({ state }) => state)).toEqual(["down", "down"]);
  expect(nodesInSync()).toEqual([1, 2]);
  await log.propose({ kind: "nodeUp", ...registrationOf(2, 2) });
  await pingAlone(heartbeat, 2, 1_800);
  expect(nodesInSync()).toEqual([1, 2]);
  await pingAlone(heartbeat, 2, 600);
  expect(nodesInSync()).toEqual([2]);
});

test("a node that ended while the other was late leaves as soon as that is heard", async () => {
  const heartbeat = await service();
  await pairOfNodes();
  group.clock.advance(600);
  const { node, bootId } = registrationOf(1);
  await heartbeat.reportExit({ process: node, bootId, status: "signal SIGKILL" });
  group.clock.advance(100);
  await settled();
  expect(nodesInSync()).toEqual([1, 2]);
  await pingAlone(heartbeat, 2, 200);
  await settled();
  expect(nodesInSync()).toEqual([2]);
});

test("of nodes that end in one moment the first leaves, and the next when another is heard again", async () => {
  const heartbeat = await service();
  await pairOfNodes();
  // Nobody is late: both have just registered.
  await log.propose({ kind: "nodeUp", ...registrationOf(3) });
  const ends = (node: number) => {
    const { node: process, bootId } = registrationOf(node);
    return heartbeat.reportExit({ process, bootId, status: "signal SIGKILL" });
  };
  await ends(3);
  await ends(1);
  expect(nodesInSync()).toEqual([1, 2]);
  // The first ping is of the moment in which the others ended.
  await pingAlone(heartbeat, 2, 400);
  await settled();
  expect(nodesInSync()).toEqual([2]);
});

test("a new leader finds those whom others do not need any more", async () => {
  await pairOfNodes();
  const { incarnation = 0 } = log.view.nodes.get(A) ?? {};
  const unheard = [registrationOf(2).node];
  await log.propose({ kind: "nodeDown", node: A, incarnation, unheard });
  const heartbeat = await service();
  await pingAlone(heartbeat, 2, 1_800);
  expect(nodesInSync()).toEqual([1, 2]);
  await pingAlone(heartbeat, 2, 600);
  expect(nodesInSync()).toEqual([2]);
});

/** Both nodes ping for so long; the first does not hear the second. */
async function pingApart(heartbeat: LogHeartbeatService, forMs: number): Promise<void> {
  for (let ms = 0; ms < forMs; ms += 200) {
    for (const node of [1, 2]) {
      const { node: process } = registrationOf(node);
      const { incarnation = 0 } = log.view.nodes.get(process) ?? {};
      const silent = node === 1 ? [registrationOf(2).address] : [];
      const told = {
        report: { disks: [] },
        sessions: undefined,
        silent,
        lostPaths: [],
        ...NOT_COUNTED,
      };
      heartbeat.ping({ process, incarnation, ...told });
    }
    group.clock.advance(200);
    await settled();
  }
}

test("of two in sync that live and do not hear each other one is declared down, and may come back", async () => {
  const heartbeat = await service();
  await pairOfNodes();
  expect(heartbeat.pathsAreWhole).toBe(true);
  const states = () => [1, 2].map((node) => log.view.nodes.get(registrationOf(node).node)?.state);
  await pingApart(heartbeat, 200);
  expect(states()).toEqual(["up", "up"]);
  await pingApart(heartbeat, 600);
  expect(states()).toEqual(["up", "down"]);
  await log.propose({ kind: "nodeUp", ...registrationOf(2, 2) });
  // It is out of all ISRs: nobody waits for it, though it is not heard yet.
  await pingApart(heartbeat, 4_000);
  expect(states()).toEqual(["up", "up"]);
  expect(heartbeat.pathsAreWhole).toBe(false);
});

test("in a shutdown gateways are told to stop, then storage nodes, and what is in sync stays so", async () => {
  const heartbeat = await service();
  await pairOfNodes();
  await log.propose(gatewayUp(1));
  const [gateway = expect.fail()] = log.view.gateways.values();
  const { gateway: name, incarnation } = gateway;
  const told = (): readonly boolean[] => [
    heartbeat.ping(ping()).shutDown,
    heartbeat.ping({ ...ping(), process: name, incarnation }).shutDown,
  ];
  expect(told()).toEqual([false, false]);
  shutdown.set(true);
  expect(told()).toEqual([false, true]);
  expect(shutdown.status([])).toMatchObject({ underWay: true, gateways: [name] });
  await log.propose({ kind: "gatewayDown", gateway: name, incarnation });
  expect(heartbeat.ping(ping())).toMatchObject({ shutDown: true, answer: true });
  const { bootId = "" } = log.view.nodes.get(A) ?? {};
  await heartbeat.reportExit({ process: A, bootId, status: "exit 10" });
  for (let ms = 0; ms < 5_000; ms += 200) {
    group.clock.advance(200);
    await settled();
  }
  expect(nodesInSync()).toEqual([1, 2]);
  expect(shutdown.status(heartbeat.unheardNodes)).toEqual({
    underWay: true,
    gateways: [],
    nodes: [],
  });
  shutdown.set(false);
  await pingAlone(heartbeat, 2, 2_000);
  expect(nodesInSync(), "given up: who is silent is missed again").toEqual([2]);
});
