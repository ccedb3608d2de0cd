// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface VolumeLoad {
  'family'?: (number | string | Long);
  'operationsPerSecond'?: (number | string);
  'bytesPerSecond'?: (number | string);
}

export interface VolumeLoad__Output {
  'family': (number);
  'operationsPerSecond': (number);
  'bytesPerSecond': (number);
}
