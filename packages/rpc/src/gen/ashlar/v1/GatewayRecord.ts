// Original file: proto/catalog.proto

import type { Portal as _ashlar_v1_Portal, Portal__Output as _ashlar_v1_Portal__Output } from '../../ashlar/v1/Portal.ts';
import type { Long } from '@grpc/proto-loader';

export interface GatewayRecord {
  'gateway'?: (string);
  'state'?: (string);
  'incarnation'?: (number | string | Long);
  'bootId'?: (string);
  'portals'?: (_ashlar_v1_Portal)[];
  'draining'?: (boolean);
}

export interface GatewayRecord__Output {
  'gateway': (string);
  'state': (string);
  'incarnation': (number);
  'bootId': (string);
  'portals': (_ashlar_v1_Portal__Output)[];
  'draining': (boolean);
}
