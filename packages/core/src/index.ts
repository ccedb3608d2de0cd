export { AssertionError, assert, assertNever, present } from "./assert.ts";
export {
  type BlockDevice,
  NO_PATH,
  type OperationOptions,
  type PathProof,
} from "./block-device.ts";
export {
  ByteReader,
  ByteWriter,
  bytes,
  type Codec,
  CodecError,
  flag,
  list,
  mapped,
  oneOf,
  optional,
  record,
  text,
  uint,
} from "./codec.ts";
export {
  crc32c,
  crc32cOfScatter,
  hasChecksums,
  unitChecksum,
  unitChecksums,
  zeroUnitChecksum,
  zeroUnitChecksums,
} from "./crc32c.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorMeta,
  hasCode,
  isErrorCode,
  SystemError,
  toSystemError,
} from "./errors.ts";
export {
  alignDown,
  alignUp,
  CHECKSUM_UNIT,
  CHUNK_SIZE_DEFAULT,
  CHUNK_SIZE_MAX,
  CHUNK_SIZE_MIN,
  type ChunkRange,
  EXTENT_SIZE,
  isAligned,
  OP_LENGTH_MAX,
  rangesOverlap,
  splitRange,
  UNITS_PER_EXTENT,
  VOLUME_SIZE_MAX,
  VOLUME_SIZE_STEP,
} from "./geometry.ts";
export { CHAP_SECRET_MIN, CHAP_TEXT_MAX, LUN_MAX } from "./host-limits.ts";
export {
  CHUNKS_PER_FAMILY_MAX,
  type ChunkId,
  type ClusterId,
  chunkId,
  chunkIdFromNumber,
  chunkIndexOf,
  clusterId,
  type DiskId,
  diskId,
  FAMILY_ID_MAX,
  type FamilyId,
  familyId,
  familyOf,
  formatChunkId,
  type HostName,
  hostName,
  type NodeId,
  nodeId,
  type StoreUuid,
  storeUuid,
  type VolumeId,
  type VolumeName,
  volumeId,
  volumeName,
} from "./ids.ts";
export { INITIATOR_NAME_LENGTH_MAX, type InitiatorName, initiatorName } from "./initiator-name.ts";
export { compareLsn, formatLsn, LSN_ZERO, type Lsn, maxLsn, sameLsn } from "./lsn.ts";
export { PartEnds } from "./parts.ts";
export {
  type ScatterList,
  scatterJoin,
  scatterLength,
  scatterOr,
  scatterSlice,
} from "./scatter.ts";
export { SHUT_DOWN_STATUS } from "./shut-down-status.ts";
export { formatSize, GIB, KIB, MIB, parseSize, TIB } from "./units.ts";
