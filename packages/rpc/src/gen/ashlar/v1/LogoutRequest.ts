// Original file: proto/heartbeat.proto

import type { HeldSession as _ashlar_v1_HeldSession, HeldSession__Output as _ashlar_v1_HeldSession__Output } from '../../ashlar/v1/HeldSession.ts';

export interface LogoutRequest {
  'session'?: (_ashlar_v1_HeldSession | null);
  'withinSeconds'?: (number);
  'enforced'?: (boolean);
}

export interface LogoutRequest__Output {
  'session': (_ashlar_v1_HeldSession__Output | null);
  'withinSeconds': (number);
  'enforced': (boolean);
}
