// Original file: proto/common.proto


export interface Portal {
  'address'?: (string);
  'tpgt'?: (number);
  'role'?: (string);
}

export interface Portal__Output {
  'address': (string);
  'tpgt': (number);
  'role': (string);
}
