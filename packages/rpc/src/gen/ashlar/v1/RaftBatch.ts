// Original file: proto/raft.proto

import type { Long } from '@grpc/proto-loader';

export interface RaftBatch {
  'version'?: (number);
  'to'?: (number | string | Long);
  'from'?: (number | string | Long);
  'messages'?: (Buffer | Uint8Array | string)[];
  'commandFormat'?: (number);
  'stateFormat'?: (number);
}

export interface RaftBatch__Output {
  'version': (number);
  'to': (number);
  'from': (number);
  'messages': (Buffer)[];
  'commandFormat': (number);
  'stateFormat': (number);
}
