// Original file: proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface MemberStatus {
  'id'?: (string);
  'address'?: (string);
  'member'?: (number | string | Long);
  'role'?: (string);
  'state'?: (string);
  'matchIndex'?: (number | string | Long);
  'lag'?: (number | string | Long);
}

export interface MemberStatus__Output {
  'id': (string);
  'address': (string);
  'member': (number);
  'role': (string);
  'state': (string);
  'matchIndex': (number);
  'lag': (number);
}
