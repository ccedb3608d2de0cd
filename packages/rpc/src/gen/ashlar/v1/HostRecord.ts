// Original file: proto/catalog.proto

import type { HostChap as _ashlar_v1_HostChap, HostChap__Output as _ashlar_v1_HostChap__Output } from '../../ashlar/v1/HostChap.ts';

export interface HostRecord {
  'host'?: (string);
  'initiators'?: (string)[];
  'chap'?: (_ashlar_v1_HostChap | null);
  'createdAt'?: (string);
}

export interface HostRecord__Output {
  'host': (string);
  'initiators': (string)[];
  'chap': (_ashlar_v1_HostChap__Output | null);
  'createdAt': (string);
}
