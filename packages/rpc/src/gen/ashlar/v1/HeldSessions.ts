// Original file: proto/heartbeat.proto

import type { HeldSession as _ashlar_v1_HeldSession, HeldSession__Output as _ashlar_v1_HeldSession__Output } from '../../ashlar/v1/HeldSession.ts';

export interface HeldSessions {
  'sessions'?: (_ashlar_v1_HeldSession)[];
}

export interface HeldSessions__Output {
  'sessions': (_ashlar_v1_HeldSession__Output)[];
}
