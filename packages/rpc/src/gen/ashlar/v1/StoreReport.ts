// Original file: proto/heartbeat.proto

import type { ScrubPass as _ashlar_v1_ScrubPass, ScrubPass__Output as _ashlar_v1_ScrubPass__Output } from '../../ashlar/v1/ScrubPass.ts';
import type { MirrorStatus as _ashlar_v1_MirrorStatus, MirrorStatus__Output as _ashlar_v1_MirrorStatus__Output } from '../../ashlar/v1/MirrorStatus.ts';
import type { DiskTimes as _ashlar_v1_DiskTimes, DiskTimes__Output as _ashlar_v1_DiskTimes__Output } from '../../ashlar/v1/DiskTimes.ts';
import type { Long } from '@grpc/proto-loader';

export interface StoreReport {
  'storeUuid'?: (string);
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'state'?: (string);
  'scrub'?: (_ashlar_v1_ScrubPass | null);
  'mirror'?: (_ashlar_v1_MirrorStatus | null);
  'times'?: (_ashlar_v1_DiskTimes | null);
}

export interface StoreReport__Output {
  'storeUuid': (string);
  'sizeBytes': (number);
  'freeBytes': (number);
  'state': (string);
  'scrub': (_ashlar_v1_ScrubPass__Output | null);
  'mirror': (_ashlar_v1_MirrorStatus__Output | null);
  'times': (_ashlar_v1_DiskTimes__Output | null);
}
