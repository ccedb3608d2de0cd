// Original file: proto/catalog.proto

import type { Mapping as _ashlar_v1_Mapping, Mapping__Output as _ashlar_v1_Mapping__Output } from '../../ashlar/v1/Mapping.ts';

export interface VolumeAccess {
  'access'?: (string);
  'mappings'?: (_ashlar_v1_Mapping)[];
}

export interface VolumeAccess__Output {
  'access': (string);
  'mappings': (_ashlar_v1_Mapping__Output)[];
}
