// Original file: proto/heartbeat.proto


export interface PingReply {
  'superseded'?: (boolean);
}

export interface PingReply__Output {
  'superseded': (boolean);
}
