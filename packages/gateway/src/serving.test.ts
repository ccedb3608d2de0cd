// What a task's operations may still do when the catalog says that its host may not use the volume any more:
// with the real router, before fake primaries.
import { hostName, initiatorName, NO_PATH } from "@ashlar/core";
import { nodeClock, Registry, silentLog } from "@ashlar/runtime";
import { executeCommand, type Nexus, type ScsiTarget } from "@ashlar/scsi";
import { FakeCluster, replyOf } from "@ashlar/volume/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serveVolumes } from "./serving.ts";
import { SessionRegistry } from "./session-registry.ts";

const IQN = "iqn.2026-11.io.ashlar:0a0b0c0d:v";
const WRITE_ONE = Buffer.from("2a000000000000000100".padEnd(32, "0"), "hex");
const TUR = Buffer.alloc(16);
/** Of two writes together; the pauses between them grow. */
const REFUSALS = 12;
const BLOCK = { data: [Buffer.alloc(512, 7)], offeredLength: 512 };

let cluster: FakeCluster;
let serving: ReturnType<typeof serveVolumes>;
let registry: SessionRegistry;
let dialer: ReturnType<FakeCluster["dialer"]>;

beforeEach(async () => {
  cluster = new FakeCluster();
  await cluster.start();
  dialer = cluster.dialer("socket");
  registry = new SessionRegistry();
  serving = serveVolumes(
    {
      client: cluster.catalog,
      dialer,
      registry,
      clock: nodeClock,
      log: silentLog,
      metrics: new Registry(),
    },
    { ownPortals: () => [], incarnation: () => 9, onTakenForDead: () => {} },
  );
  await serving.targets.start();
  for (const name of ["one", "two"]) {
    const initiators = [initiatorName(`iqn.2026-11.test:${name}`)];
    const record = { host: hostName(name), initiators, chap: undefined, createdAt: "" };
    cluster.catalog.change({ kind: "host", record });
  }
});
afterEach(async () => {
  await serving.targets.stop();
  serving.router.close();
  dialer.close();
  await cluster.stop();
});

/** A session as its driver holds it: one write that can be interrupted when it is forbidden. */
async function writingSession(name: string) {
  const query = {
    initiatorName: `iqn.2026-11.test:${name}`,
    isid: "80123456789a",
    targetName: IQN,
  };
  const found = await serving.targets.find(query);
  if (found.kind !== "found") throw new Error(`${name} is not let in`);
  const { scsi, admittedAs } = found;
  const nexus: Nexus = {
    name,
    initiatorPort: `${query.initiatorName},i,0x${query.isid}`,
    admittedAs,
    initiatorName: query.initiatorName,
    targetName: IQN,
    tpgt: 1,
  };
  const given = new AbortController();
  const holder = {
    end: async () => {},
    abortTasks: () => {},
    requestLogout: () => {},
    interruptForbidden: () => {
      if (write?.kind === "ready" && write.forbidden()) given.abort();
    },
  };
  const identity = { kind: "normal", admittedAs, scsi, ...query } as const;
  const entry = await registry.open(identity, { tpgt: 1, holder });
  if (!entry) throw new Error("no session");
  registry.establish(entry, { nexus, scsi });
  await execute(scsi, nexus);
  const write = scsi.prepare(nexus, 0, WRITE_ONE);
  return { write: () => executeCommand(write, BLOCK, { signal: given.signal, path: NO_PATH }) };
}

/** Hears of power on. */
const execute = (scsi: ScsiTarget, nexus: Nexus) =>
  executeCommand(
    scsi.prepare(nexus, 0, TUR),
    { data: [], offeredLength: 0 },
    { signal: new AbortController().signal, path: NO_PATH },
  );

test("P11: what waits for the next generation is not sent under it for a host that may not use it then", async () => {
  const [one, two] = [await writingSession("one"), await writingSession("two")];
  const [first] = cluster.nodes;
  let refusals = 0;
  let tell = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    tell = resolve;
  });
  first!.intercept = ({ generation }, reply) => {
    if (generation !== 1) return false;
    reply(replyOf("staleGeneration", { epoch: 1 }));
    refusals += 1;
    // Each has had refusals by now, and is waiting to be sent again.
    if (refusals === REFUSALS) tell();
    return true;
  };
  const writes = [one.write(), two.write()];
  await waiting;
  const mappings = [{ host: hostName("two"), lun: 0, readOnly: false }];
  cluster.changeVolume({ generation: 2, access: "mapped", mappings });
  const [forbidden, done] = await Promise.all(writes);
  expect([2, 12, 13].map((at) => forbidden?.sense?.readUInt8(at))).toEqual([5, 0x25, 0]);
  expect(done).toMatchObject({ status: 0 });
  const under = first!.seen.filter(({ kind, generation }) => kind === "write" && generation === 2);
  expect(under, "of the host that may use it alone").toHaveLength(1);
});
