// Original file: proto/catalog.proto

import type { DiskRecord as _ashlar_v1_DiskRecord, DiskRecord__Output as _ashlar_v1_DiskRecord__Output } from '../../ashlar/v1/DiskRecord.ts';

export interface RegisterStorageRequest {
  'version'?: (number);
  'node'?: (string);
  'bootId'?: (string);
  'address'?: (string);
  'disks'?: (_ashlar_v1_DiskRecord)[];
}

export interface RegisterStorageRequest__Output {
  'version': (number);
  'node': (string);
  'bootId': (string);
  'address': (string);
  'disks': (_ashlar_v1_DiskRecord__Output)[];
}
