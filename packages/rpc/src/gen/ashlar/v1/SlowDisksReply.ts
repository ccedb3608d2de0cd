// Original file: proto/upkeep.proto

import type { SlowDisk as _ashlar_v1_SlowDisk, SlowDisk__Output as _ashlar_v1_SlowDisk__Output } from '../../ashlar/v1/SlowDisk.ts';

export interface SlowDisksReply {
  'keeps'?: (boolean);
  'disks'?: (_ashlar_v1_SlowDisk)[];
}

export interface SlowDisksReply__Output {
  'keeps': (boolean);
  'disks': (_ashlar_v1_SlowDisk__Output)[];
}
