// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkRecord {
  'chunk'?: (number | string | Long);
  'epoch'?: (number);
  'version'?: (number | string | Long);
  'members'?: (number)[];
  'isr'?: (number)[];
  'learners'?: (number)[];
  'primaryNode'?: (number);
  'primaryIncarnation'?: (number | string | Long);
  'leaving'?: (number)[];
}

export interface ChunkRecord__Output {
  'chunk': (number);
  'epoch': (number);
  'version': (number);
  'members': (number)[];
  'isr': (number)[];
  'learners': (number)[];
  'primaryNode': (number);
  'primaryIncarnation': (number);
  'leaving': (number)[];
}
