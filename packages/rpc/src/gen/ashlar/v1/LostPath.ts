// Original file: proto/heartbeat.proto


export interface LostPath {
  'address'?: (string);
  'path'?: (string);
}

export interface LostPath__Output {
  'address': (string);
  'path': (string);
}
