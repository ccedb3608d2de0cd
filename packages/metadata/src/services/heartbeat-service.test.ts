// Who is declared down, under a clock that stands still until told.
import { diskId, MIB, nodeId, storeUuid } from "@ashlar/core";
import { silentLog } from "@ashlar/runtime";
import { ManualClock, MemoryDisk } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import type { SingleMemberLog } from "../log/single-member-log.ts";
import { createdTestLog, openTestLog } from "../testing/open-log.ts";
import { LogHeartbeatService } from "./heartbeat-service.ts";

const A = nodeId("storage-1");
let disk: MemoryDisk;
let clock: ManualClock;
let log: SingleMemberLog;

beforeEach(async () => {
  disk = new MemoryDisk();
  clock = new ManualClock();
  log = await createdTestLog(disk);
});

async function service(): Promise<LogHeartbeatService> {
  const heartbeat = new LogHeartbeatService(
    { replicatedLog: log, clock, log: silentLog },
    { pingIntervalMs: 200, pingsMissedMax: 5 },
  );
  await heartbeat.start();
  return heartbeat;
}

const register = (bootId: string) =>
  log.propose({
    kind: "nodeUp",
    node: A,
    bootId,
    address: "127.0.0.1:7001",
    disks: [
      {
        disk: diskId("disk-1"),
        storeUuid: storeUuid("00000000-0000-4000-8000-000000000001"),
        sizeBytes: MIB,
        state: "up",
      },
    ],
  });
const stateOf = () => log.view.nodes.get(A)?.state;
/** Lets what was proposed so far become durable and applied. */
const settled = () => log.propose({ kind: "gatewayDown", gateway: A, incarnation: 0 });
const ping = (incarnation: number) => ({ process: A, incarnation, report: { disks: [] } });

test("a node that pings lives, one that stops is down after five missed pings", async () => {
  const heartbeat = await service();
  await register("a");
  for (let count = 0; count < 20; count += 1) {
    clock.advance(200);
    expect(heartbeat.ping(ping(1))).toEqual({ superseded: false });
  }
  await settled();
  expect(stateOf()).toBe("up");
  clock.advance(900);
  await settled();
  expect(stateOf()).toBe("up");
  clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
  expect(heartbeat.ping(ping(1))).toEqual({ superseded: true });
});

test("after a restart who was up has five seconds to be heard, and then is down", async () => {
  await register("a");
  log = await openTestLog(disk);
  const heartbeat = await service();
  clock.advance(4_900);
  await settled();
  expect(stateOf()).toBe("up");
  clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
  await heartbeat.stop();
});

test("a ping of an earlier incarnation keeps nobody alive", async () => {
  const heartbeat = await service();
  await register("a");
  await register("b");
  clock.advance(900);
  expect(heartbeat.ping(ping(1))).toEqual({ superseded: true });
  clock.advance(200);
  await settled();
  expect(stateOf()).toBe("down");
});

test("one declared down by an exit report is not declared again", async () => {
  const heartbeat = await service();
  await register("a");
  await heartbeat.reportExit({ process: A, bootId: "a", status: "signal SIGKILL" });
  expect(stateOf()).toBe("down");
  const { appliedIndex } = log.view;
  clock.advance(5_000);
  await settled();
  expect(log.view.appliedIndex).toBe(appliedIndex + 1);
});

test("what a full disk kept from being declared is declared when there is room", async () => {
  await service();
  await register("a");
  disk.sizeBytesMax = 1;
  clock.advance(1_100);
  await expect(settled()).rejects.toMatchObject({ code: "disk/no-space" });
  expect(stateOf()).toBe("up");
  disk.sizeBytesMax = Number.MAX_SAFE_INTEGER;
  clock.advance(1_200);
  await settled();
  expect(stateOf()).toBe("down");
});
