// Original file: proto/catalog.proto


export interface PlaceSessionReply {
  'address'?: (string);
}

export interface PlaceSessionReply__Output {
  'address': (string);
}
