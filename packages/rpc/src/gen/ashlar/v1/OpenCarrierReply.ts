// Original file: proto/chunk.proto

import type { Long } from '@grpc/proto-loader';

export interface OpenCarrierReply {
  'node'?: (string);
  'incarnation'?: (number | string | Long);
  'ticket'?: (Buffer | Uint8Array | string);
  'host'?: (string);
  'port'?: (number);
  'hosts'?: (string)[];
  'version'?: (number);
}

export interface OpenCarrierReply__Output {
  'node': (string);
  'incarnation': (number);
  'ticket': (Buffer);
  'host': (string);
  'port': (number);
  'hosts': (string)[];
  'version': (number);
}
