// Original file: proto/catalog.proto

import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReservationAbort {
  'nexus'?: (_ashlar_v1_Nexus | null);
  'change'?: (number | string | Long);
}

export interface ReservationAbort__Output {
  'nexus': (_ashlar_v1_Nexus__Output | null);
  'change': (number);
}
