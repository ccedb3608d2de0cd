// Original file: proto/admin.proto

import type { DiskStatus as _ashlar_v1_DiskStatus, DiskStatus__Output as _ashlar_v1_DiskStatus__Output } from '../../ashlar/v1/DiskStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface NodeStatus {
  'id'?: (string);
  'state'?: (string);
  'incarnation'?: (number | string | Long);
  'address'?: (string);
  'disks'?: (_ashlar_v1_DiskStatus)[];
  'sizeBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'chunks'?: (number | string | Long);
  'primaries'?: (number | string | Long);
  'degradedChunks'?: (number | string | Long);
  'resyncChunks'?: (number | string | Long);
  'service'?: (string);
  'zone'?: (string);
}

export interface NodeStatus__Output {
  'id': (string);
  'state': (string);
  'incarnation': (number);
  'address': (string);
  'disks': (_ashlar_v1_DiskStatus__Output)[];
  'sizeBytes': (number);
  'freeBytes': (number);
  'chunks': (number);
  'primaries': (number);
  'degradedChunks': (number);
  'resyncChunks': (number);
  'service': (string);
  'zone': (string);
}
