// Original file: proto/recommend.proto


export interface Recommendation {
  'id'?: (string);
  'kind'?: (string);
  'reason'?: (string);
  'action'?: (string);
  'applicable'?: (boolean);
}

export interface Recommendation__Output {
  'id': (string);
  'kind': (string);
  'reason': (string);
  'action': (string);
  'applicable': (boolean);
}
