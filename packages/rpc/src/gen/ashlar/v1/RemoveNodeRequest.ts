// Original file: proto/upkeep.proto


export interface RemoveNodeRequest {
  'node'?: (string);
  'lost'?: (boolean);
}

export interface RemoveNodeRequest__Output {
  'node': (string);
  'lost': (boolean);
}
