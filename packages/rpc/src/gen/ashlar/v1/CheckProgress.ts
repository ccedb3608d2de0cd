// Original file: proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CheckProgress {
  'chunksDone'?: (number | string | Long);
  'chunksTotal'?: (number | string | Long);
  'replicas'?: (number | string | Long);
  'different'?: (number | string | Long);
  'damaged'?: (number | string | Long);
  'done'?: (boolean);
}

export interface CheckProgress__Output {
  'chunksDone': (number);
  'chunksTotal': (number);
  'replicas': (number);
  'different': (number);
  'damaged': (number);
  'done': (boolean);
}
