// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface SetCopySpeedRequest {
  'latencyTargetMs'?: (number);
  'floorBytesPerSecond'?: (number | string | Long);
}

export interface SetCopySpeedRequest__Output {
  'latencyTargetMs': (number);
  'floorBytesPerSecond': (number);
}
