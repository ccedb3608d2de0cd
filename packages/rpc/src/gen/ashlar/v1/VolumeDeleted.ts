// Original file: proto/catalog.proto


export interface VolumeDeleted {
  'volume'?: (string);
  'family'?: (number);
}

export interface VolumeDeleted__Output {
  'volume': (string);
  'family': (number);
}
