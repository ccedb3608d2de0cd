// Original file: proto/catalog.proto

import type { Reservations as _ashlar_v1_Reservations, Reservations__Output as _ashlar_v1_Reservations__Output } from '../../ashlar/v1/Reservations.ts';
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
  'reservations'?: (_ashlar_v1_Reservations | null);
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
  'reservations': (_ashlar_v1_Reservations__Output | null);
}
