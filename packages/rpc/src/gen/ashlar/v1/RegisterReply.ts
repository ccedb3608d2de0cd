// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface RegisterReply {
  'incarnation'?: (number | string | Long);
  'index'?: (number | string | Long);
  'pingIntervalMs'?: (number);
}

export interface RegisterReply__Output {
  'incarnation': (number);
  'index': (number);
  'pingIntervalMs': (number);
}
