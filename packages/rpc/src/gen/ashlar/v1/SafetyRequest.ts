// Original file: proto/upkeep.proto


export interface SafetyRequest {
  'kind'?: (string);
  'id'?: (string);
  'disk'?: (string);
}

export interface SafetyRequest__Output {
  'kind': (string);
  'id': (string);
  'disk': (string);
}
