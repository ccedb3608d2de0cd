// Original file: proto/recommend.proto

import type { HotSpot as _ashlar_v1_HotSpot, HotSpot__Output as _ashlar_v1_HotSpot__Output } from '../../ashlar/v1/HotSpot.ts';
import type { Recommendation as _ashlar_v1_Recommendation, Recommendation__Output as _ashlar_v1_Recommendation__Output } from '../../ashlar/v1/Recommendation.ts';
import type { AppliedAdvice as _ashlar_v1_AppliedAdvice, AppliedAdvice__Output as _ashlar_v1_AppliedAdvice__Output } from '../../ashlar/v1/AppliedAdvice.ts';

export interface RecommendationList {
  'hotSpots'?: (_ashlar_v1_HotSpot)[];
  'recommendations'?: (_ashlar_v1_Recommendation)[];
  'waiting'?: (string)[];
  'advice'?: (string);
  'hindrance'?: (string);
  'applied'?: (_ashlar_v1_AppliedAdvice)[];
}

export interface RecommendationList__Output {
  'hotSpots': (_ashlar_v1_HotSpot__Output)[];
  'recommendations': (_ashlar_v1_Recommendation__Output)[];
  'waiting': (string)[];
  'advice': (string);
  'hindrance': (string);
  'applied': (_ashlar_v1_AppliedAdvice__Output)[];
}
