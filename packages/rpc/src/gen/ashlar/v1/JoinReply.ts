// Original file: proto/raft.proto

import type { Long } from '@grpc/proto-loader';

export interface JoinReply {
  'voter'?: (boolean);
  'leader'?: (number | string | Long);
}

export interface JoinReply__Output {
  'voter': (boolean);
  'leader': (number);
}
