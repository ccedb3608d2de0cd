// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface ScrubPass {
  'startedAt'?: (string);
  'finishedAt'?: (string);
  'chunksDone'?: (number | string | Long);
  'chunksTotal'?: (number | string | Long);
  'damaged'?: (number | string | Long);
  'repaired'?: (number | string | Long);
  'different'?: (number | string | Long);
}

export interface ScrubPass__Output {
  'startedAt': (string);
  'finishedAt': (string);
  'chunksDone': (number);
  'chunksTotal': (number);
  'damaged': (number);
  'repaired': (number);
  'different': (number);
}
