// Original file: proto/catalog.proto

import type { Portal as _ashlar_v1_Portal, Portal__Output as _ashlar_v1_Portal__Output } from '../../ashlar/v1/Portal.ts';

export interface RegisterGatewayRequest {
  'version'?: (number);
  'gateway'?: (string);
  'bootId'?: (string);
  'portals'?: (_ashlar_v1_Portal)[];
}

export interface RegisterGatewayRequest__Output {
  'version': (number);
  'gateway': (string);
  'bootId': (string);
  'portals': (_ashlar_v1_Portal__Output)[];
}
