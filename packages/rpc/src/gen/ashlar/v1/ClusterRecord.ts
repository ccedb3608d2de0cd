// Original file: proto/catalog.proto

import type { FamilyRange as _ashlar_v1_FamilyRange, FamilyRange__Output as _ashlar_v1_FamilyRange__Output } from '../../ashlar/v1/FamilyRange.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClusterRecord {
  'clusterId'?: (string);
  'chunkSize'?: (number);
  'createdAt'?: (string);
  'familiesGiven'?: (number);
  'familiesSkipped'?: (_ashlar_v1_FamilyRange)[];
  'rebalancing'?: (string);
  'latencyTargetMs'?: (number);
  'floorBytesPerSecond'?: (number | string | Long);
  'keepsSlowDisks'?: (boolean);
  'advice'?: (string);
}

export interface ClusterRecord__Output {
  'clusterId': (string);
  'chunkSize': (number);
  'createdAt': (string);
  'familiesGiven': (number);
  'familiesSkipped': (_ashlar_v1_FamilyRange__Output)[];
  'rebalancing': (string);
  'latencyTargetMs': (number);
  'floorBytesPerSecond': (number);
  'keepsSlowDisks': (boolean);
  'advice': (string);
}
