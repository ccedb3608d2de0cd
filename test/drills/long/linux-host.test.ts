// The kernel's initiator and multipath, with the timers that every Linux host has, while one path after the
// other is away for longer than those timers: its gateway stays down, or stands still and says nothing.
// And QEMU's initiator, which has one path only, while each process behind it is killed.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LabWatch } from "../../support/lab-watch.ts";
import { ACTIVE, FAILED, LinuxHost, type MultipathDevice } from "../../support/linux-host.ts";
import { type CheckDocument, TestLab } from "../../support/test-lab.ts";

const MIB = 1024 * 1024;
const MOUNT = "/mnt/kernel";
const QEMU_DISK = "vdb";
const QEMU_MOUNT = "/mnt/qemu";
/** Forty seconds: a ping of the initiator, its time limit, and five seconds until a path is given up. */
const LONG = { bytes: 16 * MIB, perSecond: 25 };
/** Ten seconds: whatever was killed is back before the end. */
const SHORT = { bytes: 4 * MIB, perSecond: 25 };
const OVER_MULTIPATH = { folder: MOUNT, disk: "dm-0", load: LONG };
const OVER_QEMU = { folder: QEMU_MOUNT, disk: QEMU_DISK, load: SHORT };

let lab: TestLab;
let watch: LabWatch;
let host: LinuxHost;
let device: MultipathDevice;
let target: string;

beforeAll(async () => {
  lab = await TestLab.make("--isolate", "--metadata", "1");
  watch = await LabWatch.open(lab);
  target = (await lab.createVolume("kernel", "256MiB")).iqn;
  const qemuVolume = await lab.createVolume("qemu", "256MiB");
  host = await LinuxHost.boot();
  await host.guest.attach(lab.url(qemuVolume, 1));
  await host.discover(lab.portals[0] ?? "");
  await host.login(target);
  device = await host.untilPaths(ACTIVE, ACTIVE);
  await host.mount(`/dev/mapper/${device.name}`, MOUNT);
  await host.mount(`/dev/${QEMU_DISK}`, QEMU_MOUNT);
});
afterAll(async () => {
  await host?.guest.end();
  await watch?.close();
  await lab?.remove();
});

/** A fault while fio writes and verifies. */
async function underFio(
  what: string,
  { folder, disk, load }: typeof OVER_MULTIPATH,
  fault: () => Promise<void>,
): Promise<void> {
  const fio = await host.startFio({ folders: [folder], ...load });
  await host.untilBusy(disk);
  await fault();
  const report = await fio.end();
  console.log(`${what}:`, JSON.stringify(report));
  expect(report).toMatchObject({ error: 0, missingBytes: 0 });
}

test.each(["gateway-1", "gateway-2"])(
  "%s stays down until its path has failed",
  async (gateway) => {
    await underFio(`${gateway} down`, OVER_MULTIPATH, async () => {
      await watch.stop(gateway);
      try {
        const { paths } = await host.untilPaths(ACTIVE, FAILED);
        console.log(paths.map(({ device, state }) => `${device} ${state}`).join(", "));
        await host.untilBusy("dm-0");
      } finally {
        await watch.start(gateway);
      }
    });
    await host.untilPaths(ACTIVE, ACTIVE);
  },
);

test.each(["gateway-1", "gateway-2"])(
  "%s stands still until its path has failed",
  async (gateway) => {
    const pid = await watch.pidOf(gateway);
    await underFio(`${gateway} stopped`, OVER_MULTIPATH, async () => {
      process.kill(pid, "SIGSTOP");
      try {
        await host.untilPaths(ACTIVE, FAILED);
        await host.untilBusy("dm-0");
      } finally {
        process.kill(pid, "SIGCONT");
      }
    });
    await host.untilPaths(ACTIVE, ACTIVE);
  },
);

test.each(["storage-1", "storage-2", "storage-3", "gateway-1", "metadata-1"])(
  "QEMU's disk while %s is killed",
  async (id) => {
    await underFio(`QEMU's disk, ${id} killed`, OVER_QEMU, async () => {
      await watch.kill(id);
      await host.untilBusy(QEMU_DISK);
    });
    await watch.untilWhole("qemu");
  },
);

test("the file systems are whole, and all copies are equal", async () => {
  const checked = await host.unmountAndCheck(`/dev/mapper/${device.name}`, MOUNT);
  expect(checked).toMatch(/Pass 5/);
  expect(await host.unmountAndCheck(`/dev/${QEMU_DISK}`, QEMU_MOUNT)).toMatch(/Pass 5/);
  await host.logout(target);
  for (const name of ["kernel", "qemu"]) {
    await watch.untilWhole(name);
    const check = await lab.command<CheckDocument>("volume", "check", name);
    expect(check).toMatchObject({ different: 0, damaged: 0 });
  }
});
