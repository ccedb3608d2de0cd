// Original file: proto/common.proto

import type { ChapAccount as _ashlar_v1_ChapAccount, ChapAccount__Output as _ashlar_v1_ChapAccount__Output } from '../../ashlar/v1/ChapAccount.ts';

export interface HostChap {
  'user'?: (string);
  'secret'?: (string);
  'mutual'?: (_ashlar_v1_ChapAccount | null);
}

export interface HostChap__Output {
  'user': (string);
  'secret': (string);
  'mutual': (_ashlar_v1_ChapAccount__Output | null);
}
