// Original file: proto/common.proto

import type { Mapping as _ashlar_v1_Mapping, Mapping__Output as _ashlar_v1_Mapping__Output } from '../../ashlar/v1/Mapping.ts';

export interface AccessEdit {
  'kind'?: (string);
  'mapping'?: (_ashlar_v1_Mapping | null);
  'host'?: (string);
}

export interface AccessEdit__Output {
  'kind': (string);
  'mapping': (_ashlar_v1_Mapping__Output | null);
  'host': (string);
}
