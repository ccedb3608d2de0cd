// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface MirrorStatus {
  'state'?: (string);
  'copiedBytes'?: (number | string | Long);
  'totalBytes'?: (number | string | Long);
}

export interface MirrorStatus__Output {
  'state': (string);
  'copiedBytes': (number);
  'totalBytes': (number);
}
