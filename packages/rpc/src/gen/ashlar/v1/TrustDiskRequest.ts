// Original file: proto/upkeep.proto


export interface TrustDiskRequest {
  'node'?: (string);
  'disk'?: (string);
}

export interface TrustDiskRequest__Output {
  'node': (string);
  'disk': (string);
}
