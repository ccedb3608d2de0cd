// Original file: proto/catalog.proto

import type { Portal as _ashlar_v1_Portal, Portal__Output as _ashlar_v1_Portal__Output } from '../../ashlar/v1/Portal.ts';
import type { Long } from '@grpc/proto-loader';

export interface RegisterGatewayRequest {
  'version'?: (number);
  'gateway'?: (string);
  'bootId'?: (string);
  'portals'?: (_ashlar_v1_Portal)[];
  'incarnationSeen'?: (number | string | Long);
}

export interface RegisterGatewayRequest__Output {
  'version': (number);
  'gateway': (string);
  'bootId': (string);
  'portals': (_ashlar_v1_Portal__Output)[];
  'incarnationSeen': (number);
}
