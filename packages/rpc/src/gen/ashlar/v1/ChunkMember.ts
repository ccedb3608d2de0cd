// Original file: proto/catalog.proto


export interface ChunkMember {
  'node'?: (string);
  'disk'?: (string);
  'storeUuid'?: (string);
}

export interface ChunkMember__Output {
  'node': (string);
  'disk': (string);
  'storeUuid': (string);
}
