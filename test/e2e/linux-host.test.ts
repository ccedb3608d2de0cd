// A Linux host with what it has by default: the kernel's initiator over both portals and multipath, and
// QEMU's own initiator for the disk of a virtual machine. Both use file systems on volumes while processes
// of the lab are killed, and notice nothing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../support/lab-watch.ts";
import { ACTIVE, LinuxHost, type MultipathDevice } from "../support/linux-host.ts";
import { type CheckDocument, TestLab, type VolumeDocument } from "../support/test-lab.ts";

const MIB = 1024 * 1024;
const MOUNT = "/mnt/kernel";
const QEMU_DISK = "vdb";
const QEMU_MOUNT = "/mnt/qemu";
const BYTES = 4 * MIB;
/** For ten seconds: a gateway or a node that was killed is back before the end. */
const UNDER_FAULTS = { bytes: BYTES, perSecond: 25 };
const CLEAN = { error: 0, writtenBytes: BYTES, readBytes: BYTES };

let lab: TestLab;
let watch: LabWatch;
let host: LinuxHost;
let volume: VolumeDocument;
let qemuVolume: VolumeDocument;
let device: MultipathDevice;

beforeAll(async () => {
  // Addresses that a host can reach: a portal of 127.0.0.1 would be the host's own.
  lab = await TestLab.make("--isolate", "--metadata", "1");
  watch = await LabWatch.open(lab);
  volume = await lab.createVolume("kernel", "256MiB");
  qemuVolume = await lab.createVolume("qemu", "128MiB");
  host = await LinuxHost.boot({ disks: [lab.url(qemuVolume, 1)] });
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
  device = await host.untilPaths(ACTIVE, ACTIVE);
  console.log(device);
  const disks = sessions.map((session) => session.device);
  expect(device.paths.map((path) => path.device).sort()).toEqual(disks.sort());
});

/** What a tool prints about the disk of each path, in the order of the portals. */
async function onEachPath(command: string): Promise<string[]> {
  const sessions = await host.sessions();
  sessions.sort((a, b) => lab.portals.indexOf(a.portal) - lab.portals.indexOf(b.portal));
  const said: string[] = [];
  for (const { device } of sessions) said.push(await host.guest.run(`${command} /dev/${device}`));
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

test("a file system over both paths keeps what fio wrote, and gives back what fstrim frees", async () => {
  await host.mount(`/dev/mapper/${device.name}`, MOUNT);
  const report = await host.fio({ folder: MOUNT, bytes: BYTES });
  console.log("fio over two paths", report);
  expect(report).toMatchObject(CLEAN);
  await host.guest.run(`rm ${MOUNT}/verified* && sync`);
  expect(await host.trim(MOUNT)).toBeGreaterThanOrEqual(BYTES);
});

/** The gateway of the path that multipath uses. */
async function gatewayInUse(): Promise<string> {
  const [inUse] = (await host.untilPaths(ACTIVE, ACTIVE)).paths;
  const session = (await host.sessions()).find((one) => one.device === inUse?.device);
  return `gateway-${lab.portals.indexOf(session?.portal ?? "") + 1}`;
}

test("kill -9 of the gateway in use: no error, and its path is active again", async () => {
  const lost = "dmesg | grep -c 'detected conn error' || true";
  const before = Number(await host.guest.run(lost));
  const gateway = await gatewayInUse();
  const fio = await host.startFio({ folder: MOUNT, ...UNDER_FAULTS });
  await host.untilBusy("dm-0");
  const killed = performance.now();
  await watch.kill(gateway);
  await host.untilBusy("dm-0");
  const report = await fio.end();
  expect(report).toMatchObject(CLEAN);
  expect(Number(await host.guest.run(lost))).toBeGreaterThan(before);
  const { paths } = await host.untilPaths(ACTIVE, ACTIVE);
  console.log(`${gateway} killed`, report, paths, `${Math.round(performance.now() - killed)} ms`);
  const checked = await host.unmountAndCheck(`/dev/mapper/${device.name}`, MOUNT);
  expect(checked).toMatch(/Pass 5/);
});

test("QEMU's disk at iscsi://: kill -9 of a storage node under its file system: no error", async () => {
  await host.mount(`/dev/${QEMU_DISK}`, QEMU_MOUNT);
  const fio = await host.startFio({ folder: QEMU_MOUNT, ...UNDER_FAULTS });
  await host.untilBusy(QEMU_DISK);
  await watch.kill((await watch.rolesOf("qemu")).primary);
  await host.untilBusy(QEMU_DISK);
  const report = await fio.end();
  console.log("QEMU's disk, a primary killed", report);
  expect(report).toMatchObject(CLEAN);
  await host.guest.run(`rm ${QEMU_MOUNT}/verified* && sync`);
  expect(await host.trim(QEMU_MOUNT)).toBeGreaterThanOrEqual(BYTES);
  expect(await host.unmountAndCheck(`/dev/${QEMU_DISK}`, QEMU_MOUNT)).toMatch(/Pass 5/);
});

test("after logout nothing is left, and all copies are equal", async () => {
  await host.logout(volume.iqn);
  expect(await host.guest.run("iscsiadm -m session || true")).toMatch(/No active sessions/);
  // What a path lost went over the other one: nothing above multipath has seen an error.
  const above =
    "dmesg | grep -E 'Buffer I/O error|EXT4-fs (error|warning)|error, dev (dm-|vd)' || true";
  expect(await host.guest.run(above)).toBe("");
  for (const name of ["kernel", "qemu"]) {
    await watch.untilWhole(name);
    const check = await lab.command<CheckDocument>("volume", "check", name);
    expect(check).toMatchObject({ different: 0, damaged: 0 });
  }
});
