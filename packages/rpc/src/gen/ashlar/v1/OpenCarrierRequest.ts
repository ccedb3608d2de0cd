// Original file: proto/chunk.proto

import type { Long } from '@grpc/proto-loader';

export interface OpenCarrierRequest {
  'frameVersion'?: (number);
  'purpose'?: (string);
  'kind'?: (string);
  'cluster'?: (string);
  'node'?: (string);
  'incarnation'?: (number | string | Long);
  'oldestVersion'?: (number);
  'newestVersion'?: (number);
}

export interface OpenCarrierRequest__Output {
  'frameVersion': (number);
  'purpose': (string);
  'kind': (string);
  'cluster': (string);
  'node': (string);
  'incarnation': (number);
  'oldestVersion': (number);
  'newestVersion': (number);
}
