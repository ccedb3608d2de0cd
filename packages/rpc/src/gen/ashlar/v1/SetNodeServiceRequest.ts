// Original file: proto/upkeep.proto


export interface SetNodeServiceRequest {
  'node'?: (string);
  'service'?: (string);
  'force'?: (boolean);
}

export interface SetNodeServiceRequest__Output {
  'node': (string);
  'service': (string);
  'force': (boolean);
}
