// Original file: proto/catalog.proto

import type { AddToIsrItem as _ashlar_v1_AddToIsrItem, AddToIsrItem__Output as _ashlar_v1_AddToIsrItem__Output } from '../../ashlar/v1/AddToIsrItem.ts';

export interface AddToIsrRequest {
  'version'?: (number);
  'items'?: (_ashlar_v1_AddToIsrItem)[];
}

export interface AddToIsrRequest__Output {
  'version': (number);
  'items': (_ashlar_v1_AddToIsrItem__Output)[];
}
