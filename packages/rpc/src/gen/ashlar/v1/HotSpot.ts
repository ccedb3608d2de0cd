// Original file: proto/recommend.proto


export interface HotSpot {
  'kind'?: (string);
  'id'?: (string);
  'figure'?: (number | string);
  'mean'?: (number | string);
}

export interface HotSpot__Output {
  'kind': (string);
  'id': (string);
  'figure': (number);
  'mean': (number);
}
