// Original file: proto/catalog.proto

import type { ReservationAction as _ashlar_v1_ReservationAction, ReservationAction__Output as _ashlar_v1_ReservationAction__Output } from '../../ashlar/v1/ReservationAction.ts';

export interface ChangeReservationRequest {
  'version'?: (number);
  'volume'?: (string);
  'action'?: (_ashlar_v1_ReservationAction | null);
}

export interface ChangeReservationRequest__Output {
  'version': (number);
  'volume': (string);
  'action': (_ashlar_v1_ReservationAction__Output | null);
}
