// Original file: proto/catalog.proto


export interface StoreDownRequest {
  'version'?: (number);
  'store'?: (string);
}

export interface StoreDownRequest__Output {
  'version': (number);
  'store': (string);
}
