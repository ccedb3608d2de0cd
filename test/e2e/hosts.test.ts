// Volumes that belong to hosts, as real initiators see them: what is discovered, who is let in, and that nothing
// of a host takes effect after its unmap was answered, while the other host's I/O goes on (P11).
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scatterJoin } from "@ashlar/core";
import { cdb, LogicalUnit, type ScsiResult, type Session, STATUS } from "@ashlar/initiator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionAt } from "../support/lab-sessions.ts";
import { CONFLICT, GOOD, ReservingHost } from "../support/reserving-host.ts";
import { ASHLAR, TestLab, type VolumeDocument } from "../support/test-lab.ts";
import { outcomeOf, run, scratchFolder } from "../support/tools.ts";

const BLOCK = 4096;
const BLOCKS = 64;
const DEPTH = 32;
const ROUNDS = 4;
const SECRET = "a-secret-of-red";
const WRITE_EXCLUSIVE = 1;
const LUNS_CHANGED = [6, 0x3f, 0x0e];
const NO_UNIT = [5, 0x25, 0];
const WRITE_PROTECTED = [7, 0x27, 0];

interface HostDocument {
  readonly chap: string;
  readonly volumes: readonly { readonly name: string; readonly lun: number }[];
}

let lab: TestLab;
let volume: VolumeDocument;

const nameOf = (host: string): string => `iqn.2026-11.io.ashlar.test:${host}`;
const forever = { signal: new AbortController().signal };
const blocks = (fill: number, count = 1): readonly Buffer[] => [Buffer.alloc(count * BLOCK, fill)];
const senseOf = ({ sense }: ScsiResult): number[] => [
  sense?.key ?? 0,
  sense?.asc ?? 0,
  sense?.ascq ?? 0,
];

beforeAll(async () => {
  lab = await TestLab.make();
  volume = await lab.createVolume("shared", "64MiB", "--mapped");
  for (const host of ["red", "blue"])
    await lab.command("host", "create", host, "--iqn", nameOf(host));
});
afterAll(async () => {
  await lab?.remove();
});

/** The targets that libiscsi is shown, by the names of their volumes. */
async function discovered(host: string, user = ""): Promise<string[]> {
  const listed = await run("iscsi-ls", "-i", nameOf(host), `iscsi://${user}${lab.portals[0]}`);
  const names = [...listed.matchAll(/Target:\S+:([\w-]+) /g)].map(([, name = ""]) => name);
  return [...new Set(names)].sort();
}

const session = (host: string, gateway: number): Promise<Session> =>
  sessionAt(lab, volume, { gateway, host });

test("a host discovers what is mapped to it, and a stranger is refused the rest", async () => {
  expect(await discovered("red")).toEqual(["demo"]);
  await lab.command("volume", "map", "shared", "red");
  expect(await discovered("red")).toEqual(["demo", "shared"]);
  expect(await discovered("blue")).toEqual(["demo"]);
  const asked = outcomeOf("iscsi-inq", ["-i", nameOf("blue"), lab.url(volume, 1)]);
  expect((await asked).stderr).toContain("Authorization failure(514)");
  expect(await run("iscsi-inq", "-i", nameOf("red"), lab.url(volume, 2))).toContain(
    "Vendor:ASHLAR",
  );
  await lab.command("volume", "map", "shared", "blue");
});

const testUnitReady = (from: Session): Promise<ScsiResult> =>
  from.execute({ lun: 0, cdb: Buffer.alloc(6) });

/** Writes at a depth until it is refused; what each write ended with. */
function writing(from: Session, fill: number) {
  const ends: ScsiResult[] = [];
  const lane = async (first: number): Promise<void> => {
    for (let at = first; ; at = (at + 7) % BLOCKS) {
      const write = { lun: 0, cdb: cdb.write16((at * BLOCK) / 512, BLOCK / 512) };
      const result = await from.execute({ ...write, dataOut: blocks(fill) });
      ends.push(result);
      if (result.status !== STATUS.good) return;
    }
  };
  return { ends, done: Promise.all(Array.from({ length: DEPTH }, (_, at) => lane(at))) };
}

/** A host that goes on reading, and finds nothing wrong with its unit. */
function reading(from: Session) {
  const ended = new AbortController();
  let count = 0;
  const work = async (): Promise<number> => {
    while (!ended.signal.aborted) {
      const read = { lun: 0, cdb: cdb.read16(0, BLOCK / 512), dataInLength: BLOCK };
      expect(await from.execute(read)).toMatchObject({ status: STATUS.good });
      count += 1;
    }
    return count;
  };
  const done = work();
  return { count: () => count, stop: () => ended.abort(), done };
}

test("nothing of a host takes effect after its unmap, its session lives on, and the other host's I/O too (P11)", async () => {
  const [red, blue, watching] = [
    await session("red", 1),
    await session("blue", 2),
    await session("blue", 1),
  ];
  await testUnitReady(red);
  await testUnitReady(watching);
  const unit = await LogicalUnit.open(blue, { lun: 0 });
  const other = reading(watching);
  for (let round = 0; round < ROUNDS; round += 1) {
    const writes = writing(red, 2);
    await unit.write(0, blocks(1), forever);
    const before = other.count();
    await lab.command("volume", "unmap", "shared", "red");
    await unit.write(0, blocks(3, BLOCKS), forever);
    await writes.done;
    const refusals = writes.ends.filter(({ status }) => status !== STATUS.good).map(senseOf);
    expect(writes.ends.length, "it was at work").toBeGreaterThan(DEPTH);
    // Writes that were under way say that there is no unit; the first command after them, that it went.
    refusals.push(senseOf(await testUnitReady(red)), senseOf(await testUnitReady(red)));
    expect(refusals.filter((sense) => `${sense}` === `${LUNS_CHANGED}`)).toHaveLength(1);
    for (const sense of refusals) expect([LUNS_CHANGED, NO_UNIT]).toContainEqual(sense);
    const read = scatterJoin(await unit.read(0, BLOCKS * BLOCK, forever));
    expect(new Set(read)).toEqual(new Set([3]));
    await lab.command("volume", "map", "shared", "red");
    expect(senseOf(await testUnitReady(red))).toEqual(LUNS_CHANGED);
    expect(await testUnitReady(red)).toMatchObject({ status: STATUS.good });
    expect(other.count()).toBeGreaterThan(before);
  }
  other.stop();
  expect(await other.done).toBeGreaterThan(0);
  for (const one of [red, blue, watching]) one.drop();
});

test("what a host has reserved goes with its mapping, and does not come back with the next one", async () => {
  const [keyOfRed, keyOfBlue] = ["00000000000000aa", "00000000000000bb"];
  const [red, blue] = [
    await ReservingHost.login(lab.url(volume, 1), { name: "red", key: keyOfRed }),
    await ReservingHost.login(lab.url(volume, 2), { name: "blue", key: keyOfBlue }),
  ];
  const asked = [await blue.register(), await red.register(), await red.reserve(WRITE_EXCLUSIVE)];
  expect(asked).toEqual([GOOD, GOOD, GOOD]);
  expect(await blue.write(6)).toBe(CONFLICT);
  await lab.command("volume", "unmap", "shared", "red");
  expect(await blue.readReservation()).toBeUndefined();
  expect(await blue.readKeys()).toEqual([keyOfBlue]);
  expect(await blue.write(7)).toBe(GOOD);
  await lab.command("volume", "map", "shared", "red");
  expect(await red.reserve(WRITE_EXCLUSIVE), "it is registered no more").toBe(CONFLICT);
  expect(await red.register()).toBe(GOOD);
  expect([...(await blue.readKeys())].sort()).toEqual([keyOfRed, keyOfBlue]);
  for (const host of [red, blue]) {
    expect(await host.unregister()).toBe(GOOD);
    host.drop();
  }
});

test("a host that may only read writes nothing any more, as libiscsi is told", async () => {
  const red = await session("red", 1);
  await testUnitReady(red);
  const writes = writing(red, 4);
  await lab.command("volume", "map", "shared", "red", "--read-only", "--lun", "0");
  const blue = await LogicalUnit.open(await session("blue", 2), { lun: 0 });
  await blue.write(0, blocks(5, BLOCKS), forever);
  await writes.done;
  for (const end of writes.ends) {
    if (end.status !== STATUS.good) {
      expect([[6, 0x2a, 1], WRITE_PROTECTED]).toContainEqual(senseOf(end));
    }
  }
  expect(new Set(scatterJoin(await blue.read(0, BLOCKS * BLOCK, forever)))).toEqual(new Set([5]));
  const swp = await run("iscsi-inq", "-i", nameOf("red"), lab.url(volume, 1));
  expect(swp).toContain("Vendor:ASHLAR");
  red.drop();
  await lab.command("volume", "map", "shared", "red", "--lun", "9");
  const listed = await run("iscsi-ls", "-s", "-i", nameOf("red"), `iscsi://${lab.portals[1]}`);
  expect(listed).toMatch(/:shared [\s\S]*Lun:9 /);
});

test("a host with CHAP is refused without its secret and let in with it, which no answer and no log shows", async () => {
  const folder = await scratchFolder();
  try {
    const file = join(folder.path, "secret");
    await writeFile(file, `${SECRET}\n`);
    const set = await lab.command<HostDocument>("host", "set", "red", "--chap-secret-file", file);
    expect(set).toMatchObject({ chap: "one-way", volumes: [{ name: "shared", lun: 9 }] });
    const url = (user: string): string =>
      lab.url({ ...volume, lun: 9 }, 1).replace("iscsi://", `iscsi://${user}`);
    for (const user of ["", `${nameOf("red")}%another-secret@`]) {
      const { exit, stderr } = await outcomeOf("iscsi-inq", ["-i", nameOf("red"), url(user)]);
      expect([exit !== 0, stderr]).toEqual([
        true,
        expect.stringContaining("Authentication failure"),
      ]);
    }
    const proven = `${nameOf("red")}%${SECRET}@`;
    expect(await run("iscsi-inq", "-i", nameOf("red"), url(proven))).toContain("Vendor:ASHLAR");
    expect(await discovered("red", proven)).toEqual(["demo", "shared"]);
    const bare = await outcomeOf("iscsi-ls", ["-i", nameOf("red"), `iscsi://${lab.portals[0]}`]);
    expect(bare.stdout).not.toContain("Target:");
    const other = "another-secret-of-red";
    const command = `printf %s ${other} | ${process.execPath} ${ASHLAR}`;
    const options = `host set red --chap-secret-file - --dir ${lab.dir} --json`;
    expect(JSON.parse(await run("sh", "-c", `${command} ${options}`)).chap).toBe("one-way");
    const anew = url(`${nameOf("red")}%${other}@`);
    expect(await run("iscsi-inq", "-i", nameOf("red"), anew)).toContain("Vendor:ASHLAR");
    const told = [
      JSON.stringify(await lab.command("host", "show", "red")),
      JSON.stringify(await lab.command("host", "list")),
      ...(await Promise.all(await logs())),
    ];
    for (const secret of [SECRET, other]) expect(told.join("\n")).not.toContain(secret);
  } finally {
    await folder.remove();
  }
});

/** What the processes that know secrets have written about themselves. */
async function logs(): Promise<Promise<string>[]> {
  const { processes } = await lab.status();
  return processes.map(({ id }) => readFile(join(lab.dir, "logs", `${id}.log`), "utf8"));
}

test("a host is deleted when nothing is mapped to it, and a volume is opened again for everybody", async () => {
  const refused = await outcomeOf(process.execPath, [
    ...[ASHLAR, "host", "delete", "blue", "--dir", lab.dir, "--json"],
  ]);
  expect(refused.exit).toBe(3);
  expect(JSON.parse(refused.stdout).error).toMatchObject({ code: "host/in-use" });
  await lab.command("volume", "map", "shared", "--any");
  await lab.command("host", "delete", "blue");
  expect(await discovered("stranger")).toEqual(["demo", "shared"]);
});
