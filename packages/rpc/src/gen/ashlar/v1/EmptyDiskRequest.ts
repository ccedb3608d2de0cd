// Original file: proto/upkeep.proto


export interface EmptyDiskRequest {
  'node'?: (string);
  'disk'?: (string);
  'leaving'?: (boolean);
  'force'?: (boolean);
}

export interface EmptyDiskRequest__Output {
  'node': (string);
  'disk': (string);
  'leaving': (boolean);
  'force': (boolean);
}
