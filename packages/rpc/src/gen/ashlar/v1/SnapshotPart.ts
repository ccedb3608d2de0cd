// Original file: proto/raft.proto

import type { Long } from '@grpc/proto-loader';

export interface SnapshotPart {
  'version'?: (number);
  'to'?: (number | string | Long);
  'from'?: (number | string | Long);
  'message'?: (Buffer | Uint8Array | string);
  'length'?: (number | string | Long);
  'checksum'?: (number);
  'data'?: (Buffer | Uint8Array | string);
}

export interface SnapshotPart__Output {
  'version': (number);
  'to': (number);
  'from': (number);
  'message': (Buffer);
  'length': (number);
  'checksum': (number);
  'data': (Buffer);
}
