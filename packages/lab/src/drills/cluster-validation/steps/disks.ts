// List disks, SCSI device VPD, MPIO: one disk looks the same through all its paths, different disks do not,
// and multipath software finds the port of each path among the target port groups.
import {
  type Designator,
  type Inquiry,
  isActiveOptimized,
  parseDesignators,
  parseProvisioning,
  parseRotationRate,
  parseSerialNumber,
  parseSupportedPages,
  parseVpdPage,
  type TargetPortGroup,
  unitIdentity,
} from "@ashlar/initiator";
import { inParallel } from "../../step-judge.ts";
import type { Disk, HostPath } from "../fleet.ts";
import { plain } from "../judged-path.ts";
import { onEveryDisk, type StepContext } from "../step-context.ts";
import { discoverDisks } from "./discovery.ts";

const SERIAL_NUMBER = 0x80;
const DESIGNATION = 0x83;
/** Windows reads no more of a page. */
const PAGE_READ_MAX = 255;
const NEEDED_PAGES = [0x00, SERIAL_NUMBER, DESIGNATION, 0xb0, 0xb1, 0xb2];
/** Pages that speak of the unit and never of the port. */
const EQUAL_PAGES = [0x00, SERIAL_NUMBER, 0xb0, 0xb1, 0xb2];
const SPC_3 = 5;
/** A version descriptor that Windows' certification asks for. */
const ISCSI_VERSION = 0x0960;
const OF_UNIT = 0;
const OF_PORT = 1;
const TYPE = { eui64: 2, naa: 3, relativePort: 4, portGroup: 5, name: 8 } as const;
const CLUSTER_TYPES: readonly number[] = [TYPE.eui64, TYPE.naa, TYPE.name];

const hex = (code: number): string => code.toString(16).padStart(2, "0").toUpperCase();
const pageNamed = (code: number): string => `INQUIRY, VPD ${hex(code)}`;

const readPage = ({ judge }: StepContext, path: HostPath, code: number): Promise<Buffer> =>
  judge.good(path.place, plain(pageNamed(code)), () => path.unit.vpd(code));

/** Of the unit and of the port, as far as Windows reads them. */
const readDesignators = async (context: StepContext, path: HostPath): Promise<Designator[]> =>
  parseDesignators((await readPage(context, path, DESIGNATION)).subarray(0, PAGE_READ_MAX));

interface Looks {
  readonly path: HostPath;
  readonly inquiry: string;
  readonly identity: string;
  readonly serial: string;
  readonly capacity: string;
}

/** All looks are those of the first path. */
function expectSame(
  { judge }: StepContext,
  looks: readonly Looks[],
  [field, command]: readonly [field: keyof Omit<Looks, "path">, command: string],
): void {
  const [first, ...others] = looks;
  for (const { path, [field]: found } of others) {
    judge.equal(path.place, command, { expected: first?.[field], found });
  }
}

const SAME: readonly (readonly [field: keyof Omit<Looks, "path">, command: string])[] = [
  ["inquiry", "INQUIRY"],
  ["identity", pageNamed(DESIGNATION)],
  ["serial", pageNamed(SERIAL_NUMBER)],
  ["capacity", "READ CAPACITY"],
];

async function lookAt(context: StepContext, path: HostPath): Promise<Looks> {
  const { judge } = context;
  const { place, unit } = path;
  const inquiry = await judge.good(place, plain("INQUIRY"), () => unit.inquiry());
  judge.equal(place, "INQUIRY", {
    expected: "device type 0",
    found: `device type ${inquiry.deviceType}`,
  });
  const designators = await readDesignators(context, path);
  const ofUnit = designators.filter(({ association }) => association === OF_UNIT);
  judge.check(place, pageNamed(DESIGNATION), {
    ok: ofUnit.some(({ type }) => CLUSTER_TYPES.includes(type)),
    expected: "a designator of the unit of type 2, 3 or 8",
    found: `types ${ofUnit.map(({ type }) => type).join(", ")}`,
  });
  const serial = parseSerialNumber(await readPage(context, path, SERIAL_NUMBER));
  const hasSerial = { ok: serial !== "", expected: "a serial number", found: "none" };
  judge.check(place, pageNamed(SERIAL_NUMBER), hasSerial);
  const capacity = await judge.good(place, plain("READ CAPACITY"), () => unit.readCapacity());
  // TPGS is MPIO's affair, and judged there.
  const { targetPortGroups: _, ...shown } = inquiry;
  return {
    path,
    inquiry: JSON.stringify(shown),
    identity: unitIdentity(designators) ?? "none",
    serial,
    capacity: JSON.stringify(capacity),
  };
}

/** Every disk is one disk through all paths, and no two have the same identity. */
export async function listDisks(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await discoverDisks(context);
  const identities = new Map<string, Disk>();
  const serials = new Map<string, Disk>();
  await onEveryDisk(context, async (disk) => {
    const looks = await inParallel(fleet.pathsTo(disk).map((path) => lookAt(context, path)));
    for (const field of SAME) expectSame(context, looks, field);
    const [first] = looks;
    if (!first) return;
    for (const [seen, value, code] of [
      [identities, first.identity, DESIGNATION],
      [serials, first.serial, SERIAL_NUMBER],
    ] as const) {
      const other = seen.get(value);
      const found = `that of ${other?.name}, ${value}`;
      const unique = { ok: other === undefined, expected: "an identity of its own", found };
      judge.check(first.path.place, pageNamed(code), unique);
      seen.set(value, disk);
    }
  });
}

async function expectWellFormed(
  context: StepContext,
  path: HostPath,
): Promise<Map<number, Buffer>> {
  const { judge } = context;
  const { place } = path;
  const codes = parseSupportedPages(await readPage(context, path, 0x00));
  const ascending = [...new Set(codes)].sort((a, b) => a - b);
  const shown = (list: readonly number[]): string => list.map(hex).join(" ");
  judge.equal(place, pageNamed(0), { expected: shown(ascending), found: shown(codes) });
  const missing = NEEDED_PAGES.filter((code) => !codes.includes(code));
  judge.equal(place, pageNamed(0), {
    expected: "lacks nothing",
    found: `lacks ${shown(missing) || "nothing"}`,
  });
  const pages = new Map<number, Buffer>();
  for (const code of codes) {
    const page = await readPage(context, path, code);
    pages.set(code, page);
    const parsed = parseVpdPage(page);
    judge.equal(place, pageNamed(code), {
      expected: `page ${hex(code)}`,
      found: `page ${hex(parsed.code)}`,
    });
    judge.check(place, pageNamed(code), {
      ok: page.length <= PAGE_READ_MAX || !EQUAL_PAGES.includes(code),
      expected: `at most ${PAGE_READ_MAX} bytes`,
      found: `${page.length} bytes`,
    });
  }
  return pages;
}

function expectBlockDevice(
  { judge }: StepContext,
  path: HostPath,
  pages: Map<number, Buffer>,
): void {
  const { place } = path;
  const [rotation, provisioning] = [pages.get(0xb1), pages.get(0xb2)];
  if (rotation) {
    const rate = parseRotationRate(rotation);
    const told = { ok: rate !== 0, expected: "a rotation rate", found: "0, not told" };
    judge.check(place, pageNamed(0xb1), told);
  }
  if (provisioning) {
    const { unmaps, unmappedReadsZero } = parseProvisioning(provisioning);
    const values = {
      expected: { unmaps: true, unmappedReadsZero: true },
      found: { unmaps, unmappedReadsZero },
    };
    judge.equal(place, pageNamed(0xb2), values);
  }
}

function expectVersions({ judge }: StepContext, path: HostPath, inquiry: Inquiry): void {
  const { version, versionDescriptors } = inquiry;
  judge.check(path.place, "INQUIRY", {
    ok: version >= SPC_3 && versionDescriptors.includes(ISCSI_VERSION),
    expected: "SPC-3 or later, and the version descriptor of iSCSI (0960h)",
    found: `version ${version}, descriptors ${versionDescriptors.map((each) => each.toString(16)).join(" ")}`,
  });
}

/** Vital product data as Windows needs them, and the same through all paths. */
export async function deviceVpd(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    const all = await inParallel(
      fleet.pathsTo(disk).map(async (path) => {
        const pages = await expectWellFormed(context, path);
        expectBlockDevice(context, path, pages);
        const read = () => path.unit.inquiry();
        expectVersions(context, path, await judge.good(path.place, plain("INQUIRY"), read));
        return { path, pages };
      }),
    );
    const [first, ...others] = all;
    for (const { path, pages } of others) {
      for (const code of EQUAL_PAGES) {
        const [expected, found] = [first?.pages.get(code), pages.get(code)];
        const values = { expected: expected?.toString("hex"), found: found?.toString("hex") };
        judge.equal(path.place, pageNamed(code), values);
      }
    }
  });
}

interface Ports {
  readonly path: HostPath;
  readonly tpgs: number;
  readonly port: number | undefined;
  readonly group: number | undefined;
  readonly groups: readonly TargetPortGroup[];
}

const portDesignator = (designators: readonly Designator[], wanted: number): number | undefined => {
  const isWanted = ({ association, type, value }: Designator): boolean =>
    association === OF_PORT && type === wanted && value.length === 4;
  return designators.find(isWanted)?.value.readUInt16BE(2);
};

async function portsOf(context: StepContext, path: HostPath): Promise<Ports> {
  const { judge } = context;
  const { place, unit } = path;
  const inquiry = await judge.good(place, plain("INQUIRY"), () => unit.inquiry());
  const designators = await readDesignators(context, path);
  const what = plain("REPORT TARGET PORT GROUPS");
  const groups = await judge.good(place, what, () => unit.targetPortGroups());
  const port = portDesignator(designators, TYPE.relativePort);
  const group = portDesignator(designators, TYPE.portGroup);
  return { path, tpgs: inquiry.targetPortGroups, port, group, groups };
}

function expectListed({ judge }: StepContext, { path, tpgs, port, group, groups }: Ports): void {
  const { place } = path;
  const access = { ok: tpgs !== 0, expected: "TPGS other than 0", found: `TPGS ${tpgs}` };
  judge.check(place, "INQUIRY", access);
  judge.check(place, pageNamed(DESIGNATION), {
    ok: port !== undefined && group !== undefined,
    expected: "designators of the relative target port and of the target port group",
    found: `port ${port ?? "none"}, group ${group ?? "none"}`,
  });
  const own = groups.find((each) => each.group === group);
  judge.check(place, "REPORT TARGET PORT GROUPS", {
    ok: own !== undefined && isActiveOptimized(own) && own.ports.includes(port ?? -1),
    expected: `group ${group} with port ${port}, active/optimized`,
    found: JSON.stringify(groups),
  });
}

/** Paths join to one disk, each with a port of its own. */
export async function multipath(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    const all = await inParallel(fleet.pathsTo(disk).map((path) => portsOf(context, path)));
    const [first] = all;
    for (const ports of all) {
      const { place } = ports.path;
      expectListed(context, ports);
      judge.equal(place, "INQUIRY", {
        expected: `TPGS ${first?.tpgs}`,
        found: `TPGS ${ports.tpgs}`,
      });
      const values = { expected: first?.groups, found: ports.groups };
      judge.equal(place, "REPORT TARGET PORT GROUPS", values);
      const same = all.find(
        ({ path, port }) => port === ports.port && path.gateway !== ports.path.gateway,
      );
      const found = `port ${ports.port}, as through ${same?.path.place.path}`;
      const own = { ok: same === undefined, expected: "a port of its own", found };
      judge.check(place, pageNamed(DESIGNATION), own);
    }
  });
}
