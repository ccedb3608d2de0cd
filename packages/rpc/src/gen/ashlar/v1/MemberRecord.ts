// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface MemberRecord {
  'node'?: (string);
  'address'?: (string);
  'member'?: (number | string | Long);
}

export interface MemberRecord__Output {
  'node': (string);
  'address': (string);
  'member': (number);
}
