// Original file: proto/storage.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkCheck {
  'chunk'?: (number | string | Long);
  'replicas'?: (number);
  'different'?: (number);
  'damagedUnits'?: (number | string | Long);
  'error'?: (string);
}

export interface ChunkCheck__Output {
  'chunk': (number);
  'replicas': (number);
  'different': (number);
  'damagedUnits': (number);
  'error': (string);
}
