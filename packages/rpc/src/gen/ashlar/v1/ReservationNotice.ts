// Original file: proto/catalog.proto

import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReservationNotice {
  'nexus'?: (_ashlar_v1_Nexus | null);
  'kind'?: (string);
  'change'?: (number | string | Long);
}

export interface ReservationNotice__Output {
  'nexus': (_ashlar_v1_Nexus__Output | null);
  'kind': (string);
  'change': (number);
}
