// Original file: proto/storage.proto

import type { Long } from '@grpc/proto-loader';

export interface CloseGenerationRequest {
  'version'?: (number);
  'family'?: (number);
  'generation'?: (number | string | Long);
  'incarnation'?: (number | string | Long);
  'index'?: (number | string | Long);
}

export interface CloseGenerationRequest__Output {
  'version': (number);
  'family': (number);
  'generation': (number);
  'incarnation': (number);
  'index': (number);
}
