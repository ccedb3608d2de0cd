// What a Linux host does with volumes, step by step as its administrator would, and what its tools tell of them.
import { Guest, type GuestJob } from "./guest.ts";
import { until } from "./tools.ts";

/** A path that failed is looked at again after 20 s at most (`max_polling_interval`). */
const PATH_DEADLINE_MS = 120_000;
const BUSY_DEADLINE_MS = 60_000;
/** Requests that completed since something happened: the host goes on. */
const BUSY_REQUESTS = 20;

/** States of a path in `multipath -ll`. */
export const ACTIVE = "active ready running";
export const FAILED = "failed faulty running";

export interface HostPath {
  /** Of the disk that one session shows: `sda`. */
  readonly device: string;
  /** Of the path in the map, by the checker, and of the disk. */
  readonly state: string;
}

export interface MultipathDevice {
  readonly name: string;
  readonly wwid: string;
  /** The path in use first. */
  readonly paths: readonly HostPath[];
}

/** What `multipath -ll` prints. */
export function parseMultipath(text: string): MultipathDevice[] {
  const devices: { name: string; wwid: string; paths: HostPath[] }[] = [];
  for (const line of text.split("\n")) {
    const [, name, wwid] = /^(\S+) \(([0-9a-f]+)\) dm-\d+ /.exec(line) ?? [];
    if (name && wwid) devices.push({ name, wwid, paths: [] });
    const [, device, state] = / \d+:\d+:\d+:\d+ (\w+)\s+\d+:\d+\s+(.*\S)/.exec(line) ?? [];
    if (!device || !state) continue;
    // In columns, as wide as the longest word of all paths.
    devices.at(-1)?.paths.push({ device, state: state.replace(/ +/g, " ") });
  }
  return devices;
}

/** Portals, and the disks that their sessions show, from `iscsiadm -m session -P 3`. */
export function parseSessions(text: string): { portal: string; device: string }[] {
  const sessions: { portal: string; device: string }[] = [];
  let portal = "";
  for (const line of text.split("\n")) {
    portal = /Current Portal: (\S+),\d+/.exec(line)?.[1] ?? portal;
    const device = /Attached scsi disk (\w+)/.exec(line)?.[1];
    if (device) sessions.push({ portal, device });
  }
  return sessions;
}

export interface FioReport {
  readonly error: number;
  readonly writtenBytes: number;
  /** Read back and verified. */
  readonly readBytes: number;
  /** The longest that one request took. */
  readonly stallMs: number;
}

interface FioOutput {
  readonly jobs: readonly {
    readonly error: number;
    readonly read: FioSide;
    readonly write: FioSide;
  }[];
}

interface FioSide {
  readonly io_bytes: number;
  readonly lat_ns: { readonly max: number };
}

function fioReport(text: string): FioReport {
  const { jobs } = JSON.parse(text) as FioOutput;
  const [job] = jobs;
  if (!job || jobs.length !== 1) throw new Error(`not of one job: ${text}`);
  return {
    error: job.error,
    writtenBytes: job.write.io_bytes,
    readBytes: job.read.io_bytes,
    stallMs: Math.round(Math.max(job.read.lat_ns.max, job.write.lat_ns.max) / 1e6),
  };
}

export interface FioLoad {
  readonly folder: string;
  readonly bytes: number;
  /** Of writes, and as many of reads; unlimited by default. */
  readonly perSecond?: number;
}

/** Writes a file in random order and reads each block back soon afterwards. */
function fioCommand({ folder, bytes, perSecond }: FioLoad): string {
  const limit = perSecond === undefined ? "" : `--rate_iops=${perSecond},${perSecond}`;
  return `fio --name=verified --directory=${folder} --size=${bytes} --bs=16k --rw=randwrite \
    --ioengine=libaio --direct=1 --iodepth=8 --verify=crc32c --verify_fatal=1 --verify_backlog=64 \
    ${limit} --output-format=json`;
}

export class LinuxHost {
  readonly guest: Guest;

  private constructor(guest: Guest) {
    this.guest = guest;
  }

  static async boot(options?: { readonly disks?: readonly string[] }): Promise<LinuxHost> {
    return new LinuxHost(await Guest.boot(options));
  }

  /** Discovery at one portal: `portal,tag target`, one each. */
  async discover(portal: string): Promise<string[]> {
    const text = await this.guest.run(`iscsiadm -m discovery -t sendtargets -p ${portal}`);
    return text.trim().split("\n");
  }

  /** At all portals that were discovered. */
  async login(target: string): Promise<void> {
    await this.guest.run(`iscsiadm -m node -T ${target} --login && udevadm settle`);
    await this.guest.run("pidof multipathd >/dev/null || multipathd");
  }

  async logout(target: string): Promise<void> {
    await this.guest.run(`multipath -F && iscsiadm -m node -T ${target} --logout`);
  }

  async sessions(): Promise<{ portal: string; device: string }[]> {
    return parseSessions(await this.guest.run("iscsiadm -m session -P 3"));
  }

  async multipaths(): Promise<MultipathDevice[]> {
    return parseMultipath(await this.guest.run("multipath -ll"));
  }

  /** Waits until there is one multipath device whose paths have these states, and tells of it. */
  async untilPaths(...states: readonly string[]): Promise<MultipathDevice> {
    const wanted = [...states].sort().join();
    const good = (devices: readonly MultipathDevice[]): boolean =>
      devices.map(({ paths }) => paths.map(({ state }) => state).sort()).join(";") === wanted;
    const what = `one device whose paths are ${wanted}`;
    const [device] = await until(what, PATH_DEADLINE_MS, () => this.multipaths(), good);
    if (!device) throw new Error("a list of one has a first");
    return device;
  }

  /** Makes a file system and mounts it. */
  async mount(device: string, folder: string): Promise<void> {
    // A device that has just come up has its name when udev is done with it.
    await this.guest.run(`udevadm settle && mkfs.ext4 -q ${device} && mkdir -p ${folder}`);
    await this.guest.run(`mount ${device} ${folder}`);
  }

  async unmountAndCheck(device: string, folder: string): Promise<string> {
    return this.guest.run(`umount ${folder} && e2fsck -fn ${device}`);
  }

  /** Bytes that `fstrim` gave back. */
  async trim(folder: string): Promise<number> {
    const text = await this.guest.run(`fstrim -v ${folder}`);
    return Number(/\((\d+) bytes\)/.exec(text)?.[1]);
  }

  async fio(load: FioLoad): Promise<FioReport> {
    return fioReport(await this.guest.run(fioCommand(load)));
  }

  async startFio(load: FioLoad): Promise<{ readonly end: () => Promise<FioReport> }> {
    const job: GuestJob = await this.guest.start(fioCommand(load));
    return { end: async () => fioReport(await job.end()) };
  }

  /** Waits until a disk (`dm-0`) has completed some requests from now on. */
  async untilBusy(disk: string): Promise<void> {
    // Reads and writes that completed.
    const command = `awk '{ print $1 + $5 }' /sys/block/${disk}/stat`;
    const completed = async (): Promise<number> => Number(await this.guest.run(command));
    const enough = (await completed()) + BUSY_REQUESTS;
    await until(`${disk} at work`, BUSY_DEADLINE_MS, completed, (count) => count >= enough);
  }
}
