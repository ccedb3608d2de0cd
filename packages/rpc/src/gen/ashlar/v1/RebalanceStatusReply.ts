// Original file: proto/upkeep.proto

import type { NodeCopying as _ashlar_v1_NodeCopying, NodeCopying__Output as _ashlar_v1_NodeCopying__Output } from '../../ashlar/v1/NodeCopying.ts';
import type { Long } from '@grpc/proto-loader';

export interface RebalanceStatusReply {
  'rebalancing'?: (string);
  'hindrance'?: (string);
  'moving'?: (number | string | Long);
  'planned'?: (number | string | Long);
  'begun'?: (number | string | Long);
  'elapsedMs'?: (number | string | Long);
  'latencyTargetMs'?: (number);
  'floorBytesPerSecond'?: (number | string | Long);
  'nodes'?: (_ashlar_v1_NodeCopying)[];
}

export interface RebalanceStatusReply__Output {
  'rebalancing': (string);
  'hindrance': (string);
  'moving': (number);
  'planned': (number);
  'begun': (number);
  'elapsedMs': (number);
  'latencyTargetMs': (number);
  'floorBytesPerSecond': (number);
  'nodes': (_ashlar_v1_NodeCopying__Output)[];
}
