// Original file: proto/upkeep.proto

import type { Long } from '@grpc/proto-loader';

export interface NodeShare {
  'node'?: (string);
  'sizeBytes'?: (number | string | Long);
  'copies'?: (number | string | Long);
  'copiesAfter'?: (number | string | Long);
}

export interface NodeShare__Output {
  'node': (string);
  'sizeBytes': (number);
  'copies': (number);
  'copiesAfter': (number);
}
