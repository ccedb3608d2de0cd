// Original file: proto/upkeep.proto

import type { SlowMark as _ashlar_v1_SlowMark, SlowMark__Output as _ashlar_v1_SlowMark__Output } from '../../ashlar/v1/SlowMark.ts';
import type { Long } from '@grpc/proto-loader';

export interface SlowDisk {
  'node'?: (string);
  'disk'?: (string);
  'slow'?: (_ashlar_v1_SlowMark | null);
  'primaries'?: (number | string | Long);
  'copies'?: (number | string | Long);
}

export interface SlowDisk__Output {
  'node': (string);
  'disk': (string);
  'slow': (_ashlar_v1_SlowMark__Output | null);
  'primaries': (number);
  'copies': (number);
}
