// Original file: proto/recommend.proto


export interface AskedPair {
  'from'?: (number | string);
  'to'?: (number | string);
}

export interface AskedPair__Output {
  'from': (number);
  'to': (number);
}
