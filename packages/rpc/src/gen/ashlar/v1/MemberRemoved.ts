// Original file: proto/catalog.proto


export interface MemberRemoved {
  'node'?: (string);
}

export interface MemberRemoved__Output {
  'node': (string);
}
