// The storage process's configuration file, checked once at start.
import { diskId, MIB } from "@ashlar/core";
import {
  DATA_PATH_FIELDS,
  hostsField,
  isAnyHost,
  PROCESS_FIELDS,
  parsedText,
  pathsField,
  splitPaths,
  z,
} from "@ashlar/runtime";

/** Room for a journal, a reserve and some extents. */
const DISK_SIZE_MIN = 128 * MIB;

const WEEK_MS = 7 * 24 * 3_600_000;

const disk = z.strictObject({
  /** Name within the node: `disk-1`. */
  diskId: parsedText(diskId),
  /** File or block device. */
  path: z.string().min(1),
  /** The same once more, on another disk: the store goes on when one of them fails. */
  mirrorPath: z.string().min(1).optional(),
  /** The whole store, journal included; used when it is created. */
  sizeBytes: z.int().min(DISK_SIZE_MIN),
});

/** Where carriers of the kind socket are taken. */
const data = z
  .strictObject({
    /** At one address, or at one in each of several networks, all with one port; port 0 takes any. */
    listen: pathsField,
    /** The hosts at which others reach it, the preferred one first; those of `listen` if absent. */
    advertise: hostsField.optional(),
  })
  .refine(({ listen }) => new Set(splitPaths(listen).map(({ port }) => port)).size === 1, {
    path: ["listen"],
    message: "must have one port at all addresses",
  })
  .refine(
    ({ listen, advertise }) => advertise !== undefined || !isAnyHost(splitPaths(listen)[0].host),
    { path: ["advertise"], message: "must say where others reach it: listen does not" },
  );

const FIELDS = z.strictObject({
  ...PROCESS_FIELDS,
  ...DATA_PATH_FIELDS,
  /**
   * Where the gRPC server listens, and unless `data` says otherwise at the same hosts the carriers do: at one address,
   * or at one in each of several networks, `host:port,host:port`. Port 0 takes any.
   */
  listen: pathsField,
  /** How peers and gateways reach it, the preferred way first; the listening port is put in for port 0. */
  advertise: pathsField,
  /**
   * Where operations of gateways and replication of other nodes come in, when that is not at the hosts of `listen`:
   * gateways and nodes connect to these hosts alone, in this order, whatever address of this node they know.
   */
  data: data.optional(),
  /** The node's own state: which store lies on which disk. */
  dataDir: z.string().min(1),
  /** What fails together with this node, such as a rack: no two copies of anything are in one zone. */
  zone: z
    .string()
    .regex(/^[a-z0-9.-]{0,63}$/, "must be at most 63 of a-z, 0-9, dots and dashes")
    .default(""),
  disks: z
    .array(disk)
    .min(1)
    .refine((disks) => {
      const paths = disks.flatMap(({ path, mirrorPath }) => [path, mirrorPath ?? []].flat());
      return new Set(paths).size === paths.length;
    }, "each path and mirrorPath must be another file or device"),
  /** From the end of one pass over all copies of a disk, reading them back, to the begin of the next. */
  scrubIntervalMs: z.int().min(1_000).max(2_000_000_000).default(WEEK_MS),
  /** How fast they are read, for each disk. */
  scrubBytesPerSecond: z
    .int()
    .min(MIB)
    .default(32 * MIB),
  /** Memory for the checksums of content that was used last, for each disk: 1.2 MiB serve 1 GiB of content. */
  pageCacheBytes: z
    .int()
    .min(8 * MIB)
    .default(64 * MIB),
});

export const STORAGE_CONFIG = FIELDS.refine(
  ({ data, carrier }) => data === undefined || carrier === "socket",
  { path: ["data"], message: "is of carriers of the kind socket: others go where calls go" },
);

export type StorageConfig = z.infer<typeof STORAGE_CONFIG>;
export type DiskConfig = StorageConfig["disks"][number];
