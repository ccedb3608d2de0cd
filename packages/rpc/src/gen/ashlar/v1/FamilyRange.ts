// Original file: proto/catalog.proto


export interface FamilyRange {
  'first'?: (number);
  'last'?: (number);
}

export interface FamilyRange__Output {
  'first': (number);
  'last': (number);
}
