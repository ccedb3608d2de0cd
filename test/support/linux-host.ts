// What a Linux host does with volumes, step by step as its administrator would, and what its tools tell of them.
import { Guest, type GuestJob } from "./guest.ts";
import { outcomeAfterAttentions, UNNOTICED } from "./reserving-tool.ts";
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

/** Paths that are used alike; one group at a time is. */
export interface PathGroup {
  readonly priority: number;
  /** `active` when it is in use, `enabled` when it could be. */
  readonly status: string;
  readonly paths: readonly HostPath[];
}

export interface MultipathDevice {
  readonly name: string;
  readonly wwid: string;
  /** What of the kernel follows the states of the paths, and with how many arguments: `1 alua`. */
  readonly hardwareHandler: string;
  readonly groups: readonly PathGroup[];
  /** Of all groups. */
  readonly paths: readonly HostPath[];
}

const DEVICE = /^(\S+) \(([0-9a-f]+)\) dm-\d+ .*\n.* hwhandler='(.*?)'/;
const GROUP = /-\+- policy=.* prio=(-?\d+) status=(\w+)/;
const PATH = / \d+:\d+:\d+:\d+ (\w+)\s+\d+:\d+\s+(.*\S)/g;

function parseGroup(text: string): PathGroup {
  const [, priority, status = ""] = GROUP.exec(text) ?? [];
  // In columns, as wide as the longest word of all paths.
  const paths = [...text.matchAll(PATH)].map(([, device = "", state = ""]) => {
    return { device, state: state.replace(/ +/g, " ") };
  });
  return { priority: Number(priority), status, paths };
}

/** What `multipath -ll` prints. */
export function parseMultipath(text: string): MultipathDevice[] {
  return text.split(/^(?=\w)(?!size=)/m).flatMap((one) => {
    const [, name, wwid, hardwareHandler] = DEVICE.exec(one) ?? [];
    if (!name || !wwid || hardwareHandler === undefined) return [];
    const groups = one
      .split(/^(?=.*-\+- policy=)/m)
      .slice(1)
      .map(parseGroup);
    return [{ name, wwid, hardwareHandler, groups, paths: groups.flatMap(({ paths }) => paths) }];
  });
}

/** One group of ports as `sg_rtpg --decode` tells it, by the words of the tool. */
export interface PortGroup {
  readonly group: string;
  readonly state: string;
  /** Flags of the states that the group can be in. */
  readonly supported: readonly string[];
  readonly ports: readonly string[];
}

/** What `sg_rtpg --decode` prints. */
export function parsePortGroups(text: string): PortGroup[] {
  return text
    .split(/(?=target port group id : )/)
    .slice(1)
    .map((one) => {
      const [, group = ""] = /id : (0x\w+)/.exec(one) ?? [];
      const [, state = ""] = /access state : 0x\w+ \((.*?)\)/.exec(one) ?? [];
      const supported = [...one.matchAll(/(\w+_SUP) : 1/g)].map(([, flag = ""]) => flag);
      const ports = [...one.matchAll(/^ {6}(0x\w+)$/gm)].map(([, port = ""]) => port);
      return { group, state, supported, ports };
    });
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

/** Of a load, over all its rounds and folders. */
export interface FioReport {
  readonly rounds: number;
  readonly error: number;
  /** What was not written, and what was not read back and verified. */
  readonly missingBytes: number;
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

/** From one document for each round. */
function fioReport(text: string, { folders, bytes }: FioLoad): FioReport {
  const jobs = text.split(/(?<=^\})\n/m).flatMap((one) => (JSON.parse(one) as FioOutput).jobs);
  const sides = jobs.flatMap(({ read, write }) => [read, write]);
  return {
    rounds: jobs.length / folders.length,
    error: Math.max(...jobs.map(({ error }) => error)),
    missingBytes: sides.reduce((sum, { io_bytes }) => sum + bytes - io_bytes, 0),
    stallMs: Math.round(Math.max(...sides.map(({ lat_ns }) => lat_ns.max)) / 1e6),
  };
}

export interface FioLoad {
  readonly folders: readonly string[];
  /** In each folder in one round. */
  readonly bytes: number;
  /** Of writes in each folder, and as many of reads. */
  readonly perSecond: number;
}

/** Writes a file in each folder in random order and reads each block back soon afterwards. */
function fioCommand({ folders, bytes, perSecond }: FioLoad): string {
  const jobs = folders.map((folder) => `--name=verified --directory=${folder}`);
  return `fio --size=${bytes} --bs=16k --rw=randwrite --ioengine=libaio --direct=1 --iodepth=8 \
    --verify=crc32c --verify_fatal=1 --verify_backlog=64 --rate_iops=${perSecond},${perSecond} \
    --output-format=json ${jobs.join(" ")}`;
}

const BLOCK_BYTES = 512;
/** WRITE (10) of one block at LBA 0. */
const WRITE_FIRST_BLOCK = "2a 00 00 00 00 00 00 00 01 00";

/** When it is there, no more rounds of a load are begun. */
const ENOUGH = "/run/enough";

export class LinuxHost {
  readonly guest: Guest;

  private constructor(guest: Guest) {
    this.guest = guest;
  }

  static async boot(): Promise<LinuxHost> {
    return new LinuxHost(await Guest.boot());
  }

  /** Discovery at one portal: `portal,tag target`, one each. */
  async discover(portal: string): Promise<string[]> {
    const text = await this.guest.run(`iscsiadm -m discovery -t sendtargets -p ${portal}`);
    return text.trim().split("\n");
  }

  /** At all portals that were discovered. */
  async login(target: string): Promise<void> {
    await this.guest.run(`iscsiadm -m node -T ${target} --login && udevadm settle`);
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

  /** A load of at least one round, and as many more as are begun until its end is asked for. One at a time. */
  async startFio(load: FioLoad): Promise<{ readonly end: () => Promise<FioReport> }> {
    await this.guest.run(`rm -f ${ENOUGH}`);
    const rounds = `while ${fioCommand(load)}; do [ -e ${ENOUGH} ] && exit; done; false`;
    const job: GuestJob = await this.guest.start(rounds);
    const end = async (): Promise<FioReport> => {
      await this.guest.run(`touch ${ENOUGH}`);
      return fioReport(await job.end(), load);
    };
    return { end };
  }

  /** Waits until a disk (`dm-0`) has completed some requests from now on. */
  async untilBusy(disk: string): Promise<void> {
    // Reads and writes that completed.
    const command = `awk '{ print $1 + $5 }' /sys/block/${disk}/stat`;
    const completed = async (): Promise<number> => Number(await this.guest.run(command));
    const enough = (await completed()) + BUSY_REQUESTS;
    await until(`${disk} at work`, BUSY_DEADLINE_MS, completed, (count) => count >= enough);
  }

  /** Fills the first block with one letter through one disk, past what the kernel makes of the answer: its status. */
  async fillFirstBlock(disk: string, letter: string): Promise<string> {
    const data = `head -c ${BLOCK_BYTES} /dev/zero | tr '\\0' ${letter}`;
    const write = `sg_raw ${UNNOTICED} --send=${BLOCK_BYTES} /dev/${disk} ${WRITE_FIRST_BLOCK}`;
    const { text } = await outcomeAfterAttentions(this.guest, `${data} | ${write}`);
    return /SCSI Status: (.*?) *$/m.exec(text)?.[1] ?? text;
  }

  /** The first block as it is read through one disk, past the cache of the kernel: of what letters, once each. */
  async lettersInFirstBlock(disk: string): Promise<string> {
    const read = `dd if=/dev/${disk} bs=${BLOCK_BYTES} count=1 iflag=direct status=none`;
    return (await this.guest.run(`${read} | tr '\\0' - | tr -s 'A-Z-'`)).trim();
  }
}
