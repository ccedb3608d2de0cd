// Original file: proto/admin.proto

import type { Portal as _ashlar_v1_Portal, Portal__Output as _ashlar_v1_Portal__Output } from '../../ashlar/v1/Portal.ts';
import type { Long } from '@grpc/proto-loader';

export interface GatewayStatus {
  'id'?: (string);
  'state'?: (string);
  'draining'?: (boolean);
  'incarnation'?: (number | string | Long);
  'portals'?: (_ashlar_v1_Portal)[];
  'sessionsKnown'?: (boolean);
  'sessions'?: (number);
}

export interface GatewayStatus__Output {
  'id': (string);
  'state': (string);
  'draining': (boolean);
  'incarnation': (number);
  'portals': (_ashlar_v1_Portal__Output)[];
  'sessionsKnown': (boolean);
  'sessions': (number);
}
