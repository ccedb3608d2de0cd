// Original file: proto/upkeep.proto

import type { NodeShare as _ashlar_v1_NodeShare, NodeShare__Output as _ashlar_v1_NodeShare__Output } from '../../ashlar/v1/NodeShare.ts';
import type { Long } from '@grpc/proto-loader';

export interface RebalancePreview {
  'moves'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'homeless'?: (number | string | Long);
  'nodes'?: (_ashlar_v1_NodeShare)[];
}

export interface RebalancePreview__Output {
  'moves': (number);
  'bytes': (number);
  'homeless': (number);
  'nodes': (_ashlar_v1_NodeShare__Output)[];
}
