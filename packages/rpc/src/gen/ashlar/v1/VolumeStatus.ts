// Original file: proto/admin.proto

import type { Mapping as _ashlar_v1_Mapping, Mapping__Output as _ashlar_v1_Mapping__Output } from '../../ashlar/v1/Mapping.ts';
import type { Long } from '@grpc/proto-loader';

export interface VolumeStatus {
  'name'?: (string);
  'id'?: (string);
  'iqn'?: (string);
  'lun'?: (number);
  'sizeBytes'?: (number | string | Long);
  'blockSize'?: (number);
  'replicas'?: (number);
  'createdAt'?: (string);
  'chunks'?: (number | string | Long);
  'degradedChunks'?: (number | string | Long);
  'unavailableChunks'?: (number | string | Long);
  'resyncChunks'?: (number | string | Long);
  'family'?: (number);
  'generation'?: (number | string | Long);
  'change'?: (string);
  'resets'?: (number | string | Long);
  'access'?: (string);
  'mappings'?: (_ashlar_v1_Mapping)[];
}

export interface VolumeStatus__Output {
  'name': (string);
  'id': (string);
  'iqn': (string);
  'lun': (number);
  'sizeBytes': (number);
  'blockSize': (number);
  'replicas': (number);
  'createdAt': (string);
  'chunks': (number);
  'degradedChunks': (number);
  'unavailableChunks': (number);
  'resyncChunks': (number);
  'family': (number);
  'generation': (number);
  'change': (string);
  'resets': (number);
  'access': (string);
  'mappings': (_ashlar_v1_Mapping__Output)[];
}
