// Original file: proto/catalog.proto

import type { ChunkMember as _ashlar_v1_ChunkMember, ChunkMember__Output as _ashlar_v1_ChunkMember__Output } from '../../ashlar/v1/ChunkMember.ts';
import type { ChunkRecord as _ashlar_v1_ChunkRecord, ChunkRecord__Output as _ashlar_v1_ChunkRecord__Output } from '../../ashlar/v1/ChunkRecord.ts';

export interface ChunkBatch {
  'stores'?: (_ashlar_v1_ChunkMember)[];
  'nodes'?: (string)[];
  'chunks'?: (_ashlar_v1_ChunkRecord)[];
}

export interface ChunkBatch__Output {
  'stores': (_ashlar_v1_ChunkMember__Output)[];
  'nodes': (string)[];
  'chunks': (_ashlar_v1_ChunkRecord__Output)[];
}
