// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface Hazard {
  'kind'?: (string);
  'volume'?: (string);
  'host'?: (string);
  'chunks'?: (number | string | Long);
}

export interface Hazard__Output {
  'kind': (string);
  'volume': (string);
  'host': (string);
  'chunks': (number);
}
