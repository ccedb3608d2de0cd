// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ChangeReservationReply {
  'index'?: (number | string | Long);
  'outcome'?: (string);
}

export interface ChangeReservationReply__Output {
  'index': (number);
  'outcome': (string);
}
