export { type Clock, sleep, type Timer } from "./clock.ts";
export { parseConfig, readConfig, z } from "./config.ts";
export {
  addressesAt,
  addressField,
  DATA_PATH_FIELDS,
  type HostAndPort,
  hostsField,
  isAnyHost,
  joinAddress,
  PROCESS_FIELDS,
  parsedText,
  pathsField,
  pathsOf,
  splitAddress,
  splitPaths,
} from "./config-fields.ts";
export { type Disk, type DiskFile, type OpenOptions, type Piece, writeEach } from "./disk.ts";
export { LatencyHistogram, type LatencySummary } from "./latency.ts";
export { Lifecycle, runProcess, type Startable } from "./lifecycle.ts";
export { type Log, type LogLevel, openLog, silentLog } from "./log.ts";
export {
  Counter,
  exportGauge,
  Gauge,
  type Health,
  type HealthyNode,
  Histogram,
  LATENCY_BUCKETS_SECONDS,
  MetricsServer,
  observed,
  openRegistry,
  Registry,
} from "./metrics.ts";
export { nodeClock } from "./node/node-clock.ts";
export { nodeDisk } from "./node/node-disk.ts";
export { nodeRandom } from "./node/node-random.ts";
export type { Random } from "./random.ts";
export { readSealed, writeSealed } from "./sealed-document.ts";
export { seededRandom } from "./seeded-random.ts";
export { inSlices, nextTurn } from "./slices.ts";
export { readWholeFile, removeWholeFile, writeWholeFile } from "./whole-file.ts";
