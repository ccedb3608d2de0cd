// Original file: proto/admin.proto

import type { HostVolume as _ashlar_v1_HostVolume, HostVolume__Output as _ashlar_v1_HostVolume__Output } from '../../ashlar/v1/HostVolume.ts';

export interface HostStatus {
  'name'?: (string);
  'initiators'?: (string)[];
  'chap'?: (string);
  'chapUser'?: (string);
  'targetUser'?: (string);
  'createdAt'?: (string);
  'volumes'?: (_ashlar_v1_HostVolume)[];
}

export interface HostStatus__Output {
  'name': (string);
  'initiators': (string)[];
  'chap': (string);
  'chapUser': (string);
  'targetUser': (string);
  'createdAt': (string);
  'volumes': (_ashlar_v1_HostVolume__Output)[];
}
