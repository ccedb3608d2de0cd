// What a rehearsal runs on: every portal of every gateway that is up, and volumes made for it or one that is
// named. It writes to them, so a volume that anybody may still want is refused unless that was asked for.
import {
  KIB,
  MIB,
  parseSize,
  SystemError,
  toSystemError,
  volumeId,
  volumeName,
} from "@ashlar/core";
import { parsePortal, type ReservationKey } from "@ashlar/initiator";
import type { AdminClient, VolumeStatus } from "@ashlar/rpc";
import { nodeClock, nodeRandom } from "@ashlar/runtime";
import type { DrillOptions } from "../drill.ts";
import type { Receipt } from "../receipt.ts";
import { validateCluster } from "./cluster-validation.ts";
import { DISK_SIZE_MIN, GATEWAYS_MAX, HOSTS_MAX } from "./disk-layout.ts";
import { type Disk, type Gateway, HostPath, randomKey } from "./fleet.ts";

export interface RehearsalOptions {
  /** 2 .. 16. */
  readonly hosts?: number | undefined;
  /** An existing volume to rehearse on. */
  readonly volume?: string | undefined;
  /** How many to make when none is named, 1 .. 8. */
  readonly volumes?: number | undefined;
  /** Also on a volume that is in use: its beginning is overwritten. */
  readonly force?: boolean | undefined;
}

type Watched = Omit<DrillOptions, "clock">;

const HOSTS_DEFAULT = 4;
const HOSTS_MIN = 2;
/** Two: they must be told apart. */
const VOLUMES_DEFAULT = 2;
const VOLUMES_MAX = 8;
const OWN_SIZE_BYTES = parseSize("64MiB");
/** Time that cleaning up may take. */
const CLEAN_UP_TIMEOUT_MS = 60_000;
/** Looked at in one read. */
const ZERO_CHECK_LENGTH = 256 * KIB;

function inRange(option: string, value: number, [min, max]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SystemError("argument/invalid", `--${option} ${value} is not possible`, {
    hint: `give a number from ${min} to ${max}`,
  });
}

/** @throws SystemError argument/invalid, volume/…, cluster/unavailable before anything is changed. */
export async function rehearse(
  admin: AdminClient,
  options: RehearsalOptions,
  watched: Watched,
): Promise<Receipt> {
  const hosts = inRange("hosts", options.hosts ?? HOSTS_DEFAULT, [HOSTS_MIN, HOSTS_MAX]);
  const count = inRange("volumes", options.volumes ?? VOLUMES_DEFAULT, [1, VOLUMES_MAX]);
  const gateways = await gatewaysOf(admin, watched);
  const run = (disks: readonly Disk[]): Promise<Receipt> =>
    validateCluster({ disks, gateways, hosts }, watched);
  if (options.volume === undefined) return onOwnVolumes(admin, { count, ...watched }, run);
  const { name, iqn, lun, sizeBytes } = await admin.getVolume(volumeName(options.volume), watched);
  if (sizeBytes < DISK_SIZE_MIN) {
    throw new SystemError("volume/bad-size", `${name} is too small to rehearse on`, {
      hint: `take one of at least ${DISK_SIZE_MIN / MIB} MiB, or none: then one is made`,
    });
  }
  return onVolume({ name, iqn, lun }, { gateways, ...options, ...watched }, run);
}

async function gatewaysOf(admin: AdminClient, { signal }: Watched): Promise<Gateway[]> {
  const { gateways } = await admin.clusterStatus({ signal });
  const up = gateways.filter(({ state }) => state === "up");
  const portals = up.flatMap(({ id, portals: all }) =>
    all.map(({ address }) => ({
      name: all.length === 1 ? id : `${id} ${address}`,
      portal: parsePortal(address),
    })),
  );
  if (portals.length >= 2) return portals.slice(0, GATEWAYS_MAX);
  const text = `a rehearsal needs two portals, and ${portals.length} are up`;
  throw new SystemError("cluster/unavailable", text, { hint: "start another gateway" });
}

async function onOwnVolumes(
  admin: AdminClient,
  { count, signal }: Watched & { readonly count: number },
  run: (disks: readonly Disk[]) => Promise<Receipt>,
): Promise<Receipt> {
  const prefix = `drill-${nodeRandom.bytes(3).toString("hex")}`;
  const made: VolumeStatus[] = [];
  const remove = async (): Promise<void> => {
    const fresh = AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS);
    await Promise.all(made.map(({ name }) => admin.deleteVolume(name, { signal: fresh })));
  };
  return thenCleaned(remove, async () => {
    for (let index = 1; index <= count; index++) {
      const volume = volumeId(nodeRandom.uuid());
      const name = volumeName(`${prefix}-${index}`);
      made.push(await admin.createVolume({ volume, name, sizeBytes: OWN_SIZE_BYTES }, { signal }));
    }
    return run(made);
  });
}

/** Cleans up in any case. What keeps that from being done is told, unless there is worse to tell. */
async function thenCleaned(
  cleanUp: () => Promise<void>,
  run: () => Promise<Receipt>,
): Promise<Receipt> {
  let receipt: Receipt;
  try {
    receipt = await run();
  } catch (thrown) {
    await cleanUp().catch(() => {});
    throw thrown;
  }
  if (receipt.verdict === "PASS") {
    await cleanUp();
    return receipt;
  }
  try {
    await cleanUp();
    return receipt;
  } catch (thrown) {
    const uncleaned = `not cleaned up: ${toSystemError(thrown).message}`;
    return { ...receipt, setting: { ...receipt.setting, uncleaned } };
  }
}

/** A path from before and after the rehearsal, of the first host. */
async function through<T>(
  { disk, gateways, signal }: { disk: Disk; gateways: readonly Gateway[]; signal: AbortSignal },
  call: (path: HostPath) => Promise<T>,
): Promise<T> {
  const [gateway] = gateways;
  if (!gateway) throw new SystemError("cluster/unavailable", "no gateway is up");
  const deps = { clock: nodeClock, signal };
  const path = new HostPath({ disk, gateway }, { host: 0, gateway: 0 }, deps);
  try {
    await path.connect();
    return await call(path);
  } finally {
    await path.logout();
  }
}

async function onVolume(
  disk: Disk,
  { gateways, force, signal }: Watched & RehearsalOptions & { gateways: readonly Gateway[] },
  run: (disks: readonly Disk[]) => Promise<Receipt>,
): Promise<Receipt> {
  await through({ disk, gateways, signal }, async (path) => {
    const use = force ? undefined : await useOf(path);
    if (use === undefined) return clear(path);
    throw new SystemError("volume/in-use", `${disk.name} is in use: ${use}`, {
      hint: "name another volume, or none; --force clears reservations and overwrites its beginning",
    });
  });
  const restore = (): Promise<void> => {
    const fresh = AbortSignal.timeout(CLEAN_UP_TIMEOUT_MS);
    return through({ disk, gateways, signal: fresh }, async (path) => {
      await clear(path);
      if (!force) await path.unit.unmapBlocks(0, DISK_SIZE_MIN, { signal: fresh });
    });
  };
  return thenCleaned(restore, () => run([disk]));
}

/** Why somebody may still want what is there; undefined when nothing tells so. */
async function useOf(path: HostPath): Promise<string | undefined> {
  const { keys } = await path.reservations.readKeys();
  if (keys.length > 0) return `${keys.length} registrations of hosts`;
  for (let offset = 0; offset < DISK_SIZE_MIN; offset += ZERO_CHECK_LENGTH) {
    const found = await path.read(offset, ZERO_CHECK_LENGTH);
    if (found.some((byte) => byte !== 0)) return "its beginning holds data";
  }
  return undefined;
}

async function clear(path: HostPath): Promise<void> {
  const key: ReservationKey = randomKey(nodeRandom);
  const action = "registerAndIgnoreExistingKey";
  await path.reservations.out({ action, serviceActionKey: key });
  await path.reservations.out({ action: "clear", key });
}
