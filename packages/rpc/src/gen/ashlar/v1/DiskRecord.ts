// Original file: proto/common.proto

import type { SlowMark as _ashlar_v1_SlowMark, SlowMark__Output as _ashlar_v1_SlowMark__Output } from '../../ashlar/v1/SlowMark.ts';
import type { Long } from '@grpc/proto-loader';

export interface DiskRecord {
  'disk'?: (string);
  'storeUuid'?: (string);
  'sizeBytes'?: (number | string | Long);
  'state'?: (string);
  'slow'?: (_ashlar_v1_SlowMark | null);
}

export interface DiskRecord__Output {
  'disk': (string);
  'storeUuid': (string);
  'sizeBytes': (number);
  'state': (string);
  'slow': (_ashlar_v1_SlowMark__Output | null);
}
