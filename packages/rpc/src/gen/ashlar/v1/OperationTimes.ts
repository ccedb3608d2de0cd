// Original file: proto/common.proto

import type { Long } from '@grpc/proto-loader';

export interface OperationTimes {
  'count'?: (number | string | Long);
  'quartileMs'?: (number | string);
  'busyMs'?: (number | string);
}

export interface OperationTimes__Output {
  'count': (number);
  'quartileMs': (number);
  'busyMs': (number);
}
