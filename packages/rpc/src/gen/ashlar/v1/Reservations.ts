// Original file: proto/catalog.proto

import type { Registrant as _ashlar_v1_Registrant, Registrant__Output as _ashlar_v1_Registrant__Output } from '../../ashlar/v1/Registrant.ts';
import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';
import type { Holding as _ashlar_v1_Holding, Holding__Output as _ashlar_v1_Holding__Output } from '../../ashlar/v1/Holding.ts';
import type { ReservationNotice as _ashlar_v1_ReservationNotice, ReservationNotice__Output as _ashlar_v1_ReservationNotice__Output } from '../../ashlar/v1/ReservationNotice.ts';
import type { ReservationAbort as _ashlar_v1_ReservationAbort, ReservationAbort__Output as _ashlar_v1_ReservationAbort__Output } from '../../ashlar/v1/ReservationAbort.ts';
import type { Long } from '@grpc/proto-loader';

export interface Reservations {
  'changes'?: (number | string | Long);
  'generation'?: (number);
  'aptpl'?: (boolean);
  'registrants'?: (_ashlar_v1_Registrant)[];
  'type'?: (number);
  'holder'?: (_ashlar_v1_Nexus | null);
  'reserved'?: (_ashlar_v1_Nexus | null);
  'reservedAs'?: (_ashlar_v1_Holding | null);
  'notices'?: (_ashlar_v1_ReservationNotice)[];
  'aborts'?: (_ashlar_v1_ReservationAbort)[];
}

export interface Reservations__Output {
  'changes': (number);
  'generation': (number);
  'aptpl': (boolean);
  'registrants': (_ashlar_v1_Registrant__Output)[];
  'type': (number);
  'holder': (_ashlar_v1_Nexus__Output | null);
  'reserved': (_ashlar_v1_Nexus__Output | null);
  'reservedAs': (_ashlar_v1_Holding__Output | null);
  'notices': (_ashlar_v1_ReservationNotice__Output)[];
  'aborts': (_ashlar_v1_ReservationAbort__Output)[];
}
