// Original file: proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CreateVolumeRequest {
  'name'?: (string);
  'sizeBytes'?: (number | string | Long);
  'replicas'?: (number);
  'blockSize'?: (number);
  'volume'?: (string);
  'access'?: (string);
}

export interface CreateVolumeRequest__Output {
  'name': (string);
  'sizeBytes': (number);
  'replicas': (number);
  'blockSize': (number);
  'volume': (string);
  'access': (string);
}
