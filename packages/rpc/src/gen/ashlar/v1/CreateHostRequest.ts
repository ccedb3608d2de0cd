// Original file: proto/admin.proto

import type { HostChap as _ashlar_v1_HostChap, HostChap__Output as _ashlar_v1_HostChap__Output } from '../../ashlar/v1/HostChap.ts';

export interface CreateHostRequest {
  'name'?: (string);
  'initiators'?: (string)[];
  'chap'?: (_ashlar_v1_HostChap | null);
}

export interface CreateHostRequest__Output {
  'name': (string);
  'initiators': (string)[];
  'chap': (_ashlar_v1_HostChap__Output | null);
}
