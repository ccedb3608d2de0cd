// Original file: proto/common.proto


export interface SlowMark {
  'reason'?: (string);
  'since'?: (string);
}

export interface SlowMark__Output {
  'reason': (string);
  'since': (string);
}
