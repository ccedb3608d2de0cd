// Original file: proto/admin.proto

import type { ScrubPass as _ashlar_v1_ScrubPass, ScrubPass__Output as _ashlar_v1_ScrubPass__Output } from '../../ashlar/v1/ScrubPass.ts';
import type { MirrorStatus as _ashlar_v1_MirrorStatus, MirrorStatus__Output as _ashlar_v1_MirrorStatus__Output } from '../../ashlar/v1/MirrorStatus.ts';
import type { SlowMark as _ashlar_v1_SlowMark, SlowMark__Output as _ashlar_v1_SlowMark__Output } from '../../ashlar/v1/SlowMark.ts';
import type { Long } from '@grpc/proto-loader';

export interface DiskStatus {
  'id'?: (string);
  'storeUuid'?: (string);
  'state'?: (string);
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'chunks'?: (number | string | Long);
  'scrub'?: (_ashlar_v1_ScrubPass | null);
  'mirror'?: (_ashlar_v1_MirrorStatus | null);
  'slow'?: (_ashlar_v1_SlowMark | null);
}

export interface DiskStatus__Output {
  'id': (string);
  'storeUuid': (string);
  'state': (string);
  'sizeBytes': (number);
  'freeBytes': (number);
  'chunks': (number);
  'scrub': (_ashlar_v1_ScrubPass__Output | null);
  'mirror': (_ashlar_v1_MirrorStatus__Output | null);
  'slow': (_ashlar_v1_SlowMark__Output | null);
}
