// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ProposalReply {
  'index'?: (number | string | Long);
}

export interface ProposalReply__Output {
  'index': (number);
}
