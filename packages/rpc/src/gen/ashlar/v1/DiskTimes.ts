// Original file: proto/common.proto

import type { OperationTimes as _ashlar_v1_OperationTimes, OperationTimes__Output as _ashlar_v1_OperationTimes__Output } from '../../ashlar/v1/OperationTimes.ts';
import type { Long } from '@grpc/proto-loader';

export interface DiskTimes {
  'slot'?: (number | string | Long);
  'slotMs'?: (number);
  'reads'?: (_ashlar_v1_OperationTimes | null);
  'syncs'?: (_ashlar_v1_OperationTimes | null);
}

export interface DiskTimes__Output {
  'slot': (number);
  'slotMs': (number);
  'reads': (_ashlar_v1_OperationTimes__Output | null);
  'syncs': (_ashlar_v1_OperationTimes__Output | null);
}
