// A Linux host with what it has by default: the kernel's initiator over both portals and multipath, and
// QEMU's own initiator for the disk of a virtual machine. Its tools find what the standards promise, reserve a
// volume and are refused it; and both initiators use file systems while processes of the lab are killed, and
// notice nothing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../support/lab-watch.ts";
import {
  ACTIVE,
  type HostPath,
  LinuxHost,
  type MultipathDevice,
  parsePortGroups,
} from "../support/linux-host.ts";
import { ReservingHost, CONFLICT as SCSI_CONFLICT } from "../support/reserving-host.ts";
import {
  CONFLICT,
  GOOD,
  ReservingTool,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
} from "../support/reserving-tool.ts";
import { type CheckDocument, TestLab, type VolumeDocument } from "../support/test-lab.ts";

const MIB = 1024 * 1024;
const BYTES = 4 * MIB;
/** For ten seconds. */
const LOAD = { bytes: BYTES, perSecond: 25 };
const CLEAN = { error: 0, missingBytes: 0 };

let lab: TestLab;
let watch: LabWatch;
let host: LinuxHost;
let volume: VolumeDocument;
let qemuVolume: VolumeDocument;
let device: MultipathDevice;
/** The disks of the paths, in the order of the portals. */
let disks: readonly [string, string];

async function makeLab(): Promise<void> {
  // Addresses that a host can reach: a portal of 127.0.0.1 would be the host's own.
  lab = await TestLab.make("--isolate", "--metadata", "1");
  watch = await LabWatch.open(lab);
  volume = await lab.createVolume("kernel", "256MiB");
  qemuVolume = await lab.createVolume("qemu", "128MiB");
}

async function boot(): Promise<void> {
  host = await LinuxHost.boot();
}

beforeAll(async () => {
  const begun = [makeLab(), boot()];
  // Whatever is there afterwards is found and removed.
  await Promise.allSettled(begun);
  await Promise.all(begun);
});
afterAll(async () => {
  await host?.guest.end();
  await watch?.close();
  await lab?.remove();
});

test("discovery at one portal tells of every volume at every portal", async () => {
  const { volumes } = await lab.status();
  const expected = lab.portals.flatMap((portal, at) =>
    volumes.map(({ iqn }) => `${portal},${at + 1} ${iqn}`),
  );
  expect((await host.discover(lab.portals[0] ?? "")).sort()).toEqual(expected.sort());
});

test("after login at both portals multipath shows one device with two active paths", async () => {
  await host.login(volume.iqn);
  const sessions = await host.sessions();
  expect(sessions.map(({ portal }) => portal).sort()).toEqual([...lab.portals].sort());
  const [first = "", second = ""] = lab.portals.map(
    (portal) => sessions.find((session) => session.portal === portal)?.device,
  );
  disks = [first, second];
  device = await host.untilPaths(ACTIVE, ACTIVE);
  expect(device.paths.map((path) => path.device).sort()).toEqual([...disks].sort());
});

/** What a tool prints about the disk of each path, in the order of the portals. */
async function onEachPath(command: string): Promise<string[]> {
  const said: string[] = [];
  for (const disk of disks) said.push(await host.guest.run(`${command} /dev/${disk}`));
  return said;
}

/** Once for both: the paths must not differ in it. */
async function onAnyPath(command: string): Promise<string> {
  const [first = "", second] = await onEachPath(command);
  expect(second).toBe(first);
  return first;
}

test("INQUIRY and READ CAPACITY tell the same through both portals", async () => {
  const inquiry = await onAnyPath("sg_inq");
  expect(inquiry).toMatch(/Vendor identification: ASHLAR/);
  expect(inquiry).toMatch(/version=0x06 .*MultiP=1 .*CmdQue=1$/ms);
  const capacity = await onAnyPath("sg_readcap --long");
  expect(capacity).toContain("lbpme=1, lbprz=1");
  expect(capacity).toContain("Logical block length=512 bytes");
  expect(capacity).toContain(`Device size: ${volume.sizeBytes} bytes`);
});

test.each([
  ["0x80", [/Unit serial number: [0-9a-f]{32}$/m]],
  ["0xb0", [/Optimal unmap granularity: 128 blocks/, /Maximum unmap LBA count: [1-9]/]],
  ["0xb1", [/Non-rotating medium/]],
  ["0xb2", [/\(LBPU\): 1/, /\(LBPWS\): 1/, /\(LBPRZ\): 1/, /thin provisioned/]],
])("VPD page %s tells the same through both portals", async (page, expected) => {
  const text = await onAnyPath(`sg_vpd --page=${page}`);
  for (const pattern of expected) expect(text).toMatch(pattern);
});

test("VPD page 0x83 names one unit, and for each portal a port of its own", async () => {
  const pages = await onEachPath("sg_vpd --page=0x83");
  // The kernel's name for a unit is its NAA identifier after its type.
  for (const page of pages) expect(page).toContain(`0x${device.wwid.slice(1)}`);
  const ports = pages.map((page) => /Relative target port: (\w+)/.exec(page)?.[1]);
  expect(ports).toEqual(["0x1", "0x2"]);
});

test("the groups of both ports are active/optimized, for sg_rtpg and for the kernel", async () => {
  const groups = parsePortGroups(await onAnyPath("sg_rtpg --readonly --decode"));
  const active = { state: "active/optimized", supported: ["U_SUP", "AO_SUP"] };
  expect(groups).toEqual([
    { group: "0x1", ports: ["0x01"], ...active },
    { group: "0x2", ports: ["0x02"], ...active },
  ]);
  const states = disks.map((disk) => `/sys/block/${disk}/device/access_state`).join(" ");
  expect(await host.guest.run(`cat ${states}`)).toBe("active/optimized\nactive/optimized");
});

/** The path that multipath uses. */
function pathInUse({ groups }: MultipathDevice): HostPath | undefined {
  return groups.find(({ status }) => status === "active")?.paths[0];
}

test("multipath follows ALUA: two groups of the same priority, one of which is in use", async () => {
  expect(device.hardwareHandler).toBe("1 alua");
  // It chooses a group when there is something to do.
  await host.guest.run(`dd if=/dev/mapper/${device.name} of=/dev/null count=1 iflag=direct`);
  const { groups } = await host.untilPaths(ACTIVE, ACTIVE);
  expect(groups.map(({ priority, status }) => `${status} ${priority}`).sort()).toEqual([
    "active 50",
    "enabled 50",
  ]);
});

const KEY = "0xabc1";
const RESERVED = { key: KEY, type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY };
/** REPORT CAPABILITIES: of the persistence through power loss nobody has made use. */
const CAPABILITIES = {
  ...{ RLR_C: 0, CRH: 0, SIP_C: 0, ATP_C: 1, PTPL_C: 1, TMV: 1, "Allow Commands": 0, PTPL_A: 0 },
  "Write Exclusive": 1,
  "Exclusive Access": 1,
  "Write Exclusive, registrants only": 1,
  "Exclusive Access, registrants only": 1,
  "Write Exclusive, all registrants": 1,
  "Exclusive Access, all registrants": 1,
};

/** sg_persist for the disk of each path. */
function tools(): readonly [ReservingTool, ReservingTool] {
  const [first, second] = disks;
  return [ReservingTool.ofDisk(host.guest, first), ReservingTool.ofDisk(host.guest, second)];
}

/** What READ FULL STATUS tells when both paths are registered and one of them holds the reservation. */
function registrants(key: string, holder?: string): unknown[] {
  return ["0x1", "0x2"].map((port) => ({
    key,
    port,
    isHolder: port === holder,
    initiator: expect.stringMatching(/^iqn\.2026-11\.io\.ashlar:guest,i,0x00023d0{5}[1-9]$/),
  }));
}

/** The first block, the same through both paths. */
async function firstBlock(): Promise<string> {
  const letters = await host.lettersInFirstBlock(disks[0]);
  expect(await host.lettersInFirstBlock(disks[1])).toBe(letters);
  return letters;
}

test("sg_persist reserves through one path: whoever is not registered cannot write", async () => {
  const [first, second] = tools();
  expect(await first.keys()).toEqual([]);
  expect(await first.register(KEY)).toBe(GOOD);
  expect(await first.reserve(KEY)).toBe(GOOD);
  expect(await host.fillFirstBlock(disks[0], "A")).toBe("Good");
  // The other path of the same host is another nexus, and so is another host.
  expect(await host.fillFirstBlock(disks[1], "B")).toBe("Reservation Conflict");
  expect(await second.reserve(KEY)).toBe(CONFLICT);
  const stranger = await ReservingHost.login(lab.url(volume, 2), { name: "stranger", key: KEY });
  expect(await stranger.write(0)).toBe(SCSI_CONFLICT);
  stranger.drop();
  expect(await firstBlock()).toBe("A");
  expect(await second.reservation()).toEqual(RESERVED);
});

test("sg_persist registers the other path: it writes too, and both see the same", async () => {
  const [, second] = tools();
  expect(await second.register(KEY)).toBe(GOOD);
  for (const tool of tools()) {
    expect(await tool.keys()).toEqual([KEY, KEY]);
    expect(await tool.reservation()).toEqual(RESERVED);
    expect(await tool.fullStatus()).toEqual(registrants(KEY, "0x1"));
    expect(await tool.capabilities()).toEqual(CAPABILITIES);
  }
  expect(await host.fillFirstBlock(disks[1], "B")).toBe("Good");
  expect(await firstBlock()).toBe("B");
});

test("sg_persist releases through the path that holds, and clears through any", async () => {
  const [first, second] = tools();
  expect(await second.release(KEY), "nothing to release").toBe(GOOD);
  expect(await second.reservation()).toEqual(RESERVED);
  expect(await first.release(KEY)).toBe(GOOD);
  expect(await second.reservation()).toBe(undefined);
  expect(await second.fullStatus()).toEqual(registrants(KEY));
  expect(await second.clear(KEY)).toBe(GOOD);
  for (const tool of tools()) expect(await tool.keys()).toEqual([]);
});

/** `reservation_key` of multipath.conf: multipathd registers it for paths that come. */
const CONFIGURED_KEY = "0xabc2";

test("mpathpersist registers and reserves for all paths of the device", async () => {
  const [first] = tools();
  const whole = ReservingTool.ofDevice(host.guest, device.name);
  expect(await whole.register(CONFIGURED_KEY)).toBe(GOOD);
  expect(await first.fullStatus()).toEqual(registrants(CONFIGURED_KEY));
  expect(await whole.reserve(CONFIGURED_KEY)).toBe(GOOD);
  expect(await whole.reservation()).toEqual({ ...RESERVED, key: CONFIGURED_KEY });
});

/** A disk of each initiator and where its file system is mounted. */
const mounts = () => [
  { disk: `/dev/mapper/${device.name}`, block: "dm-0", folder: "/mnt/kernel" },
  { disk: "/dev/vdb", block: "vdb", folder: "/mnt/qemu" },
];

test("kill -9 of the gateway in use, then of a storage node: no file system notices", async () => {
  const lost = "dmesg | grep -c 'detected conn error' || true";
  const before = Number(await host.guest.run(lost));
  await host.guest.attach(lab.url(qemuVolume, 1));
  for (const { disk, folder } of mounts()) await host.mount(disk, folder);
  const inUse = pathInUse(await host.untilPaths(ACTIVE, ACTIVE))?.device ?? "";
  const gateway = `gateway-${disks.indexOf(inUse) + 1}`;
  const load = await host.startFio({ folders: mounts().map(({ folder }) => folder), ...LOAD });
  const allBusy = () => Promise.all(mounts().map(({ block }) => host.untilBusy(block)));
  await allBusy();
  for (const victim of [gateway, (await watch.rolesOf("qemu")).primary]) {
    await watch.kill(victim);
    await allBusy();
  }
  const report = await load.end();
  console.log(`${gateway} and a primary killed`, report);
  expect(report).toMatchObject(CLEAN);
  expect(Number(await host.guest.run(lost))).toBeGreaterThan(before);
});

test("the path is active again, and what was reserved for all paths still is", async () => {
  await host.untilPaths(ACTIVE, ACTIVE);
  const [first] = tools();
  const whole = ReservingTool.ofDevice(host.guest, device.name);
  for (const tool of [first, whole]) {
    expect(await tool.keys()).toEqual([CONFIGURED_KEY, CONFIGURED_KEY]);
    expect(await tool.reservation()).toEqual({ ...RESERVED, key: CONFIGURED_KEY });
  }
  expect(await whole.release(CONFIGURED_KEY)).toBe(GOOD);
  expect(await whole.unregister(CONFIGURED_KEY)).toBe(GOOD);
  expect(await first.keys()).toEqual([]);
});

test("the file systems give back what fstrim frees, and are whole", async () => {
  for (const { disk, folder } of mounts()) {
    await host.guest.run(`rm ${folder}/verified* && sync`);
    expect(await host.trim(folder)).toBeGreaterThanOrEqual(BYTES);
    expect(await host.unmountAndCheck(disk, folder)).toMatch(/Pass 5/);
  }
});

test("after logout nothing is left, and all copies are equal", async () => {
  await host.logout(volume.iqn);
  expect(await host.guest.run("iscsiadm -m session || true")).toMatch(/No active sessions/);
  // What a path lost went over the other one: nothing above multipath has seen an error.
  const above =
    "dmesg | grep -E 'Buffer I/O error|EXT4-fs (error|warning)|error, dev (dm-|vd)' || true";
  expect(await host.guest.run(above)).toBe("");
  const check = async (name: string): Promise<CheckDocument> => {
    await watch.untilWhole(name);
    return lab.command("volume", "check", name);
  };
  for (const found of await Promise.all(["kernel", "qemu"].map(check))) {
    expect(found).toMatchObject({ different: 0, damaged: 0 });
  }
});
