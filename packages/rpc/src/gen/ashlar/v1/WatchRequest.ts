// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchRequest {
  'version'?: (number);
  'fromIndex'?: (number | string | Long);
  'logId'?: (string);
}

export interface WatchRequest__Output {
  'version': (number);
  'fromIndex': (number);
  'logId': (string);
}
