// Original file: proto/admin.proto

import type { HostStatus as _ashlar_v1_HostStatus, HostStatus__Output as _ashlar_v1_HostStatus__Output } from '../../ashlar/v1/HostStatus.ts';

export interface ListHostsReply {
  'hosts'?: (_ashlar_v1_HostStatus)[];
}

export interface ListHostsReply__Output {
  'hosts': (_ashlar_v1_HostStatus__Output)[];
}
