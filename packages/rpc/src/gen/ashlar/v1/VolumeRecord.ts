// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface VolumeRecord {
  'volume'?: (string);
  'name'?: (string);
  'family'?: (number);
  'sizeBytes'?: (number | string | Long);
  'blockSize'?: (number);
  'replicas'?: (number);
  'generation'?: (number | string | Long);
  'iqn'?: (string);
  'lun'?: (number);
  'createdAt'?: (string);
  'change'?: (string);
  'resets'?: (number | string | Long);
}

export interface VolumeRecord__Output {
  'volume': (string);
  'name': (string);
  'family': (number);
  'sizeBytes': (number);
  'blockSize': (number);
  'replicas': (number);
  'generation': (number);
  'iqn': (string);
  'lun': (number);
  'createdAt': (string);
  'change': (string);
  'resets': (number);
}
