// Original file: proto/heartbeat.proto

import type { LogoutRequest as _ashlar_v1_LogoutRequest, LogoutRequest__Output as _ashlar_v1_LogoutRequest__Output } from '../../ashlar/v1/LogoutRequest.ts';

export interface PingReply {
  'superseded'?: (boolean);
  'logouts'?: (_ashlar_v1_LogoutRequest)[];
  'shutDown'?: (boolean);
}

export interface PingReply__Output {
  'superseded': (boolean);
  'logouts': (_ashlar_v1_LogoutRequest__Output)[];
  'shutDown': (boolean);
}
