// Original file: proto/recommend.proto

import type { AskedPair as _ashlar_v1_AskedPair, AskedPair__Output as _ashlar_v1_AskedPair__Output } from '../../ashlar/v1/AskedPair.ts';
import type { Long } from '@grpc/proto-loader';

export interface AppliedAdvice {
  'id'?: (string);
  'action'?: (string);
  'byItself'?: (boolean);
  'agoMs'?: (number | string | Long);
  'from'?: (string);
  'to'?: (string);
  'chunks'?: (number | string | Long);
  'before'?: (_ashlar_v1_AskedPair | null);
  'after'?: (_ashlar_v1_AskedPair | null);
}

export interface AppliedAdvice__Output {
  'id': (string);
  'action': (string);
  'byItself': (boolean);
  'agoMs': (number);
  'from': (string);
  'to': (string);
  'chunks': (number);
  'before': (_ashlar_v1_AskedPair__Output | null);
  'after': (_ashlar_v1_AskedPair__Output | null);
}
