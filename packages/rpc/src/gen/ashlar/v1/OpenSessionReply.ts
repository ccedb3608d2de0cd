// Original file: proto/session.proto

import type { Long } from '@grpc/proto-loader';

export interface OpenSessionReply {
  'session'?: (number | string | Long);
}

export interface OpenSessionReply__Output {
  'session': (number);
}
