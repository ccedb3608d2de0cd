// Original file: proto/catalog.proto


export interface PlaceSessionRequest {
  'version'?: (number);
  'initiatorName'?: (string);
  'isid'?: (string);
  'targetName'?: (string);
}

export interface PlaceSessionRequest__Output {
  'version': (number);
  'initiatorName': (string);
  'isid': (string);
  'targetName': (string);
}
