// Original file: proto/catalog.proto


export interface FenceVolumeRequest {
  'version'?: (number);
  'volume'?: (string);
  'reset'?: (boolean);
}

export interface FenceVolumeRequest__Output {
  'version': (number);
  'volume': (string);
  'reset': (boolean);
}
