// Original file: proto/upkeep.proto

import type { Hazard as _ashlar_v1_Hazard, Hazard__Output as _ashlar_v1_Hazard__Output } from '../../ashlar/v1/Hazard.ts';
import type { Long } from '@grpc/proto-loader';

export interface SafetyReply {
  'hazards'?: (_ashlar_v1_Hazard)[];
  'copies'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'etaKnown'?: (boolean);
  'etaMs'?: (number | string | Long);
}

export interface SafetyReply__Output {
  'hazards': (_ashlar_v1_Hazard__Output)[];
  'copies': (number);
  'bytes': (number);
  'etaKnown': (boolean);
  'etaMs': (number);
}
