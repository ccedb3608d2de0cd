// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface DiskRecord {
  'disk'?: (string);
  'storeUuid'?: (string);
  'sizeBytes'?: (number | string | Long);
  'state'?: (string);
}

export interface DiskRecord__Output {
  'disk': (string);
  'storeUuid': (string);
  'sizeBytes': (number);
  'state': (string);
}
