// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface Holding {
  'gateway'?: (number | string | Long);
  'serial'?: (number | string | Long);
}

export interface Holding__Output {
  'gateway': (number);
  'serial': (number);
}
