// Original file: proto/storage.proto

import type { Long } from '@grpc/proto-loader';

export interface CheckChunksRequest {
  'version'?: (number);
  'chunks'?: (number | string | Long)[];
}

export interface CheckChunksRequest__Output {
  'version': (number);
  'chunks': (number)[];
}
