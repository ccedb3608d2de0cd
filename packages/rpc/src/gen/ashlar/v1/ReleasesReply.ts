// Original file: proto/upkeep.proto

import type { ProcessRelease as _ashlar_v1_ProcessRelease, ProcessRelease__Output as _ashlar_v1_ProcessRelease__Output } from '../../ashlar/v1/ProcessRelease.ts';

export interface ReleasesReply {
  'processes'?: (_ashlar_v1_ProcessRelease)[];
}

export interface ReleasesReply__Output {
  'processes': (_ashlar_v1_ProcessRelease__Output)[];
}
