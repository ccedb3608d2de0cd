// Original file: proto/catalog.proto

import type { DiskRecord as _ashlar_v1_DiskRecord, DiskRecord__Output as _ashlar_v1_DiskRecord__Output } from '../../ashlar/v1/DiskRecord.ts';
import type { Long } from '@grpc/proto-loader';

export interface NodeRecord {
  'node'?: (string);
  'state'?: (string);
  'incarnation'?: (number | string | Long);
  'bootId'?: (string);
  'address'?: (string);
  'disks'?: (_ashlar_v1_DiskRecord)[];
  'service'?: (string);
  'zone'?: (string);
}

export interface NodeRecord__Output {
  'node': (string);
  'state': (string);
  'incarnation': (number);
  'bootId': (string);
  'address': (string);
  'disks': (_ashlar_v1_DiskRecord__Output)[];
  'service': (string);
  'zone': (string);
}
