// Original file: proto/common.proto

import type { StoreLoad as _ashlar_v1_StoreLoad, StoreLoad__Output as _ashlar_v1_StoreLoad__Output } from '../../ashlar/v1/StoreLoad.ts';
import type { VolumeLoad as _ashlar_v1_VolumeLoad, VolumeLoad__Output as _ashlar_v1_VolumeLoad__Output } from '../../ashlar/v1/VolumeLoad.ts';

export interface LoadReport {
  'windowMs'?: (number);
  'operationsPerSecond'?: (number | string);
  'bytesPerSecond'?: (number | string);
  'stores'?: (_ashlar_v1_StoreLoad)[];
  'volumes'?: (_ashlar_v1_VolumeLoad)[];
}

export interface LoadReport__Output {
  'windowMs': (number);
  'operationsPerSecond': (number);
  'bytesPerSecond': (number);
  'stores': (_ashlar_v1_StoreLoad__Output)[];
  'volumes': (_ashlar_v1_VolumeLoad__Output)[];
}
