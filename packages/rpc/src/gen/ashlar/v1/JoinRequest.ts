// Original file: proto/raft.proto

import type { Long } from '@grpc/proto-loader';

export interface JoinRequest {
  'version'?: (number);
  'node'?: (string);
  'member'?: (number | string | Long);
  'address'?: (string);
}

export interface JoinRequest__Output {
  'version': (number);
  'node': (string);
  'member': (number);
  'address': (string);
}
