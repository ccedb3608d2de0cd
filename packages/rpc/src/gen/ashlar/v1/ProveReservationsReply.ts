// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ProveReservationsReply {
  'index'?: (number | string | Long);
  'changes'?: (number | string | Long);
}

export interface ProveReservationsReply__Output {
  'index': (number);
  'changes': (number);
}
