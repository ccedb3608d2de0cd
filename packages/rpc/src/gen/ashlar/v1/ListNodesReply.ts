// Original file: proto/admin.proto

import type { NodeStatus as _ashlar_v1_NodeStatus, NodeStatus__Output as _ashlar_v1_NodeStatus__Output } from '../../ashlar/v1/NodeStatus.ts';

export interface ListNodesReply {
  'nodes'?: (_ashlar_v1_NodeStatus)[];
}

export interface ListNodesReply__Output {
  'nodes': (_ashlar_v1_NodeStatus__Output)[];
}
