// Original file: proto/admin.proto

import type { Portal as _ashlar_v1_Portal, Portal__Output as _ashlar_v1_Portal__Output } from '../../ashlar/v1/Portal.ts';
import type { Long } from '@grpc/proto-loader';

export interface ProcessStatus {
  'id'?: (string);
  'state'?: (string);
  'incarnation'?: (number | string | Long);
  'address'?: (string);
  'portals'?: (_ashlar_v1_Portal)[];
}

export interface ProcessStatus__Output {
  'id': (string);
  'state': (string);
  'incarnation': (number);
  'address': (string);
  'portals': (_ashlar_v1_Portal__Output)[];
}
