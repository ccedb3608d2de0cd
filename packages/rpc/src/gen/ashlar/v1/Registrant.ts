// Original file: proto/catalog.proto

import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';

export interface Registrant {
  'nexus'?: (_ashlar_v1_Nexus | null);
  'key'?: (string);
}

export interface Registrant__Output {
  'nexus': (_ashlar_v1_Nexus__Output | null);
  'key': (string);
}
