// Original file: proto/catalog.proto

import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';

export interface ReservationNotice {
  'nexus'?: (_ashlar_v1_Nexus | null);
  'kind'?: (string);
}

export interface ReservationNotice__Output {
  'nexus': (_ashlar_v1_Nexus__Output | null);
  'kind': (string);
}
