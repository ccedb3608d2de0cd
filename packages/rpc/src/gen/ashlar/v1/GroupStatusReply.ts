// Original file: proto/admin.proto

import type { MemberStatus as _ashlar_v1_MemberStatus, MemberStatus__Output as _ashlar_v1_MemberStatus__Output } from '../../ashlar/v1/MemberStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface GroupStatusReply {
  'clusterId'?: (string);
  'self'?: (string);
  'role'?: (string);
  'term'?: (number | string | Long);
  'leader'?: (string);
  'leaderAddress'?: (string);
  'firstIndex'?: (number | string | Long);
  'lastIndex'?: (number | string | Long);
  'commitIndex'?: (number | string | Long);
  'appliedIndex'?: (number | string | Long);
  'members'?: (_ashlar_v1_MemberStatus)[];
  'build'?: (string);
  'protocol'?: (number);
  'bootId'?: (string);
}

export interface GroupStatusReply__Output {
  'clusterId': (string);
  'self': (string);
  'role': (string);
  'term': (number);
  'leader': (string);
  'leaderAddress': (string);
  'firstIndex': (number);
  'lastIndex': (number);
  'commitIndex': (number);
  'appliedIndex': (number);
  'members': (_ashlar_v1_MemberStatus__Output)[];
  'build': (string);
  'protocol': (number);
  'bootId': (string);
}
