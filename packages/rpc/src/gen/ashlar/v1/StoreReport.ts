// Original file: proto/heartbeat.proto

import type { Long } from '@grpc/proto-loader';

export interface StoreReport {
  'storeUuid'?: (string);
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'state'?: (string);
}

export interface StoreReport__Output {
  'storeUuid': (string);
  'sizeBytes': (number);
  'freeBytes': (number);
  'state': (string);
}
