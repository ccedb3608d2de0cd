// Original file: proto/recommend.proto

import type { HotSpot as _ashlar_v1_HotSpot, HotSpot__Output as _ashlar_v1_HotSpot__Output } from '../../ashlar/v1/HotSpot.ts';
import type { Recommendation as _ashlar_v1_Recommendation, Recommendation__Output as _ashlar_v1_Recommendation__Output } from '../../ashlar/v1/Recommendation.ts';

export interface RecommendationList {
  'hotSpots'?: (_ashlar_v1_HotSpot)[];
  'recommendations'?: (_ashlar_v1_Recommendation)[];
  'waiting'?: (string)[];
}

export interface RecommendationList__Output {
  'hotSpots': (_ashlar_v1_HotSpot__Output)[];
  'recommendations': (_ashlar_v1_Recommendation__Output)[];
  'waiting': (string)[];
}
