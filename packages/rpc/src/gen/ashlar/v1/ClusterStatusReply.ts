// Original file: proto/admin.proto

import type { MemberStatus as _ashlar_v1_MemberStatus, MemberStatus__Output as _ashlar_v1_MemberStatus__Output } from '../../ashlar/v1/MemberStatus.ts';
import type { ProcessStatus as _ashlar_v1_ProcessStatus, ProcessStatus__Output as _ashlar_v1_ProcessStatus__Output } from '../../ashlar/v1/ProcessStatus.ts';
import type { LostPathStatus as _ashlar_v1_LostPathStatus, LostPathStatus__Output as _ashlar_v1_LostPathStatus__Output } from '../../ashlar/v1/LostPathStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClusterStatusReply {
  'clusterId'?: (string);
  'chunkSize'?: (number);
  'createdAt'?: (string);
  'appliedIndex'?: (number | string | Long);
  'metadata'?: (_ashlar_v1_MemberStatus)[];
  'storage'?: (_ashlar_v1_ProcessStatus)[];
  'gateways'?: (_ashlar_v1_ProcessStatus)[];
  'volumes'?: (number);
  'chunks'?: (number | string | Long);
  'degradedChunks'?: (number | string | Long);
  'unavailableChunks'?: (number | string | Long);
  'resyncChunks'?: (number | string | Long);
  'slowDisks'?: (string)[];
  'lostPaths'?: (_ashlar_v1_LostPathStatus)[];
}

export interface ClusterStatusReply__Output {
  'clusterId': (string);
  'chunkSize': (number);
  'createdAt': (string);
  'appliedIndex': (number);
  'metadata': (_ashlar_v1_MemberStatus__Output)[];
  'storage': (_ashlar_v1_ProcessStatus__Output)[];
  'gateways': (_ashlar_v1_ProcessStatus__Output)[];
  'volumes': (number);
  'chunks': (number);
  'degradedChunks': (number);
  'unavailableChunks': (number);
  'resyncChunks': (number);
  'slowDisks': (string)[];
  'lostPaths': (_ashlar_v1_LostPathStatus__Output)[];
}
