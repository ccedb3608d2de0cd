// Original file: proto/heartbeat.proto


export interface ExitReport {
  'version'?: (number);
  'process'?: (string);
  'bootId'?: (string);
  'status'?: (string);
}

export interface ExitReport__Output {
  'version': (number);
  'process': (string);
  'bootId': (string);
  'status': (string);
}
