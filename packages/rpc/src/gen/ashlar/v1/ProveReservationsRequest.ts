// Original file: proto/catalog.proto


export interface ProveReservationsRequest {
  'version'?: (number);
  'volume'?: (string);
}

export interface ProveReservationsRequest__Output {
  'version': (number);
  'volume': (string);
}
