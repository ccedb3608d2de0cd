// Original file: proto/admin.proto

import type { VolumeStatus as _ashlar_v1_VolumeStatus, VolumeStatus__Output as _ashlar_v1_VolumeStatus__Output } from '../../ashlar/v1/VolumeStatus.ts';

export interface ListVolumesReply {
  'volumes'?: (_ashlar_v1_VolumeStatus)[];
}

export interface ListVolumesReply__Output {
  'volumes': (_ashlar_v1_VolumeStatus__Output)[];
}
