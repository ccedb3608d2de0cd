// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface CopyReport {
  'limitBytesPerSecond'?: (number | string | Long);
  'bytesPerSecond'?: (number | string | Long);
  'p99Ms'?: (number | string);
  'state'?: (string);
}

export interface CopyReport__Output {
  'limitBytesPerSecond': (number);
  'bytesPerSecond': (number);
  'p99Ms': (number);
  'state': (string);
}
