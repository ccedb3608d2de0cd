// Original file: proto/recommend.proto

import type { Long } from '@grpc/proto-loader';

export interface ApplyReply {
  'applied'?: (string)[];
  'chunks'?: (number | string | Long);
}

export interface ApplyReply__Output {
  'applied': (string)[];
  'chunks': (number);
}
