// Original file: proto/catalog.proto


export interface Nexus {
  'initiatorPort'?: (string);
  'targetPort'?: (number);
}

export interface Nexus__Output {
  'initiatorPort': (string);
  'targetPort': (number);
}
