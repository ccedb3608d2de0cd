// Configuration of a metadata process.
import { CHUNK_SIZE_DEFAULT, CHUNK_SIZE_MAX, CHUNK_SIZE_MIN, nodeId } from "@ashlar/core";
import { isAnyHost, PROCESS_FIELDS, parsedText, pathsField, splitPaths, z } from "@ashlar/runtime";

const FIELDS = z.strictObject({
  ...PROCESS_FIELDS,
  /** Folder of the log and its snapshots; made when absent. */
  dataDir: z.string().min(1),
  /** host:port of the gRPC server, or one in each of several networks, `host:port,host:port`; port 0 takes any. */
  listen: pathsField,
  /** What is told to other members and to clients in place of `listen`, the preferred address first. */
  advertise: pathsField.optional(),
  /**
   * The metadata members as far as this file's writer knows them: where a new member finds the others,
   * and whom the founder expects. Later the catalog has them.
   */
  members: z.array(z.strictObject({ nodeId: parsedText(nodeId), address: pathsField })).default([]),
  /** Bytes per chunk of the cluster, used when it is created. */
  chunkSize: z
    .int()
    .min(CHUNK_SIZE_MIN)
    .max(CHUNK_SIZE_MAX)
    .refine((size) => Number.isInteger(Math.log2(size)), "must be a power of two")
    .default(CHUNK_SIZE_DEFAULT),
  /** How often processes tell that they live: five a second cost next to nothing. */
  pingIntervalMs: z.int().min(10).max(10_000).default(200),
  /**
   * A node that is down is waited for as long, in milliseconds, before its copies are made elsewhere; a
   * minute at most where a single copy is left. Of a disk that failed they are made at once.
   */
  copyAfterMs: z.int().min(0).max(604_800_000).default(300_000),
  /**
   * A disk that has been far slower than the others for as long, in milliseconds, is taken out of the way. It is
   * looked at in slots of 5 s.
   */
  slowDiskAfterMs: z.int().min(5_000).max(3_600_000).default(20_000),
  /** A slow disk that has been well for as long, in milliseconds, is used again. */
  trustDiskAfterMs: z.int().min(5_000).max(604_800_000).default(600_000),
  /** Pings missed before a process is down: 1 s of silence, within the stall goal of 1.5 s. */
  pingsMissedMax: z.int().min(2).max(100).default(5),
});

export const METADATA_CONFIG = FIELDS.refine(
  ({ listen, advertise }) => advertise !== undefined || !isAnyHost(splitPaths(listen)[0].host),
  { path: ["advertise"], message: "must say where others reach this member: listen does not" },
);

export type MetadataConfig = z.infer<typeof METADATA_CONFIG>;
