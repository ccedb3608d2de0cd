// Original file: proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface DiskStatus {
  'id'?: (string);
  'storeUuid'?: (string);
  'state'?: (string);
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
}

export interface DiskStatus__Output {
  'id': (string);
  'storeUuid': (string);
  'state': (string);
  'sizeBytes': (number);
  'freeBytes': (number);
}
