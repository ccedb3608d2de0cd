// Original file: proto/catalog.proto


export interface NodeRemoved {
  'node'?: (string);
}

export interface NodeRemoved__Output {
  'node': (string);
}
