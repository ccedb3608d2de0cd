// Original file: proto/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface AddToIsrItem {
  'chunk'?: (number | string | Long);
  'epoch'?: (number);
  'version'?: (number | string | Long);
  'store'?: (string);
}

export interface AddToIsrItem__Output {
  'chunk': (number);
  'epoch': (number);
  'version': (number);
  'store': (string);
}
