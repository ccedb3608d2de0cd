// Original file: proto/catalog.proto

import type { DiskRecord as _ashlar_v1_DiskRecord, DiskRecord__Output as _ashlar_v1_DiskRecord__Output } from '../../ashlar/v1/DiskRecord.ts';
import type { Long } from '@grpc/proto-loader';

export interface RegisterStorageRequest {
  'version'?: (number);
  'node'?: (string);
  'bootId'?: (string);
  'address'?: (string);
  'disks'?: (_ashlar_v1_DiskRecord)[];
  'familySeen'?: (number);
  'incarnationSeen'?: (number | string | Long);
  'zone'?: (string);
}

export interface RegisterStorageRequest__Output {
  'version': (number);
  'node': (string);
  'bootId': (string);
  'address': (string);
  'disks': (_ashlar_v1_DiskRecord__Output)[];
  'familySeen': (number);
  'incarnationSeen': (number);
  'zone': (string);
}
