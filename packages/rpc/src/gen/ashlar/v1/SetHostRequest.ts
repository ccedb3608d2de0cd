// Original file: proto/admin.proto

import type { HostChap as _ashlar_v1_HostChap, HostChap__Output as _ashlar_v1_HostChap__Output } from '../../ashlar/v1/HostChap.ts';

export interface SetHostRequest {
  'name'?: (string);
  'added'?: (string)[];
  'removed'?: (string)[];
  'setsChap'?: (boolean);
  'chap'?: (_ashlar_v1_HostChap | null);
}

export interface SetHostRequest__Output {
  'name': (string);
  'added': (string)[];
  'removed': (string)[];
  'setsChap': (boolean);
  'chap': (_ashlar_v1_HostChap__Output | null);
}
