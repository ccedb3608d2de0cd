// Original file: proto/catalog.proto

import type { Change as _ashlar_v1_Change, Change__Output as _ashlar_v1_Change__Output } from '../../ashlar/v1/Change.ts';
import type { ChunkBatch as _ashlar_v1_ChunkBatch, ChunkBatch__Output as _ashlar_v1_ChunkBatch__Output } from '../../ashlar/v1/ChunkBatch.ts';
import type { Long } from '@grpc/proto-loader';

export interface WatchMessage {
  'version'?: (number);
  'index'?: (number | string | Long);
  'full'?: (boolean);
  'complete'?: (boolean);
  'changes'?: (_ashlar_v1_Change)[];
  'chunks'?: (_ashlar_v1_ChunkBatch | null);
  'logId'?: (string);
}

export interface WatchMessage__Output {
  'version': (number);
  'index': (number);
  'full': (boolean);
  'complete': (boolean);
  'changes': (_ashlar_v1_Change__Output)[];
  'chunks': (_ashlar_v1_ChunkBatch__Output | null);
  'logId': (string);
}
