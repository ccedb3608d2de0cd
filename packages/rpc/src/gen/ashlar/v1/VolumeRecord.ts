// Original file: proto/catalog.proto

import type { Reservations as _ashlar_v1_Reservations, Reservations__Output as _ashlar_v1_Reservations__Output } from '../../ashlar/v1/Reservations.ts';
import type { VolumeAccess as _ashlar_v1_VolumeAccess, VolumeAccess__Output as _ashlar_v1_VolumeAccess__Output } from '../../ashlar/v1/VolumeAccess.ts';
import type { AccessEdit as _ashlar_v1_AccessEdit, AccessEdit__Output as _ashlar_v1_AccessEdit__Output } from '../../ashlar/v1/AccessEdit.ts';
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
  'access'?: (_ashlar_v1_VolumeAccess | null);
  'accessEdit'?: (_ashlar_v1_AccessEdit | null);
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
  'access': (_ashlar_v1_VolumeAccess__Output | null);
  'accessEdit': (_ashlar_v1_AccessEdit__Output | null);
}
