// Original file: proto/common.proto


export interface HeldSession {
  'initiatorName'?: (string);
  'isid'?: (string);
  'targetName'?: (string);
  'tpgt'?: (number);
}

export interface HeldSession__Output {
  'initiatorName': (string);
  'isid': (string);
  'targetName': (string);
  'tpgt': (number);
}
