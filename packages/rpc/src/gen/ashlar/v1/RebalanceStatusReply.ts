// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface RebalanceStatusReply {
  'rebalancing'?: (string);
  'hindrance'?: (string);
  'moving'?: (number | string | Long);
  'planned'?: (number | string | Long);
  'begun'?: (number | string | Long);
  'elapsedMs'?: (number | string | Long);
}

export interface RebalanceStatusReply__Output {
  'rebalancing': (string);
  'hindrance': (string);
  'moving': (number);
  'planned': (number);
  'begun': (number);
  'elapsedMs': (number);
}
