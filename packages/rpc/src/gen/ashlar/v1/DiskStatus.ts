// Original file: proto/admin.proto

import type { ScrubPass as _ashlar_v1_ScrubPass, ScrubPass__Output as _ashlar_v1_ScrubPass__Output } from '../../ashlar/v1/ScrubPass.ts';
import type { Long } from '@grpc/proto-loader';

export interface DiskStatus {
  'id'?: (string);
  'storeUuid'?: (string);
  'state'?: (string);
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'chunks'?: (number | string | Long);
  'scrub'?: (_ashlar_v1_ScrubPass | null);
}

export interface DiskStatus__Output {
  'id': (string);
  'storeUuid': (string);
  'state': (string);
  'sizeBytes': (number);
  'freeBytes': (number);
  'chunks': (number);
  'scrub': (_ashlar_v1_ScrubPass__Output | null);
}
