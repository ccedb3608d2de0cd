// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface SetRebalancingReply {
  'cancelled'?: (number | string | Long);
}

export interface SetRebalancingReply__Output {
  'cancelled': (number);
}
