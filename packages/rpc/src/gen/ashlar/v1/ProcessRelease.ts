// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface ProcessRelease {
  'kind'?: (string);
  'id'?: (string);
  'state'?: (string);
  'incarnation'?: (number | string | Long);
  'build'?: (string);
  'protocol'?: (number);
}

export interface ProcessRelease__Output {
  'kind': (string);
  'id': (string);
  'state': (string);
  'incarnation': (number);
  'build': (string);
  'protocol': (number);
}
