// Original file: proto/admin.proto

import type { GatewayStatus as _ashlar_v1_GatewayStatus, GatewayStatus__Output as _ashlar_v1_GatewayStatus__Output } from '../../ashlar/v1/GatewayStatus.ts';

export interface ListGatewaysReply {
  'gateways'?: (_ashlar_v1_GatewayStatus)[];
}

export interface ListGatewaysReply__Output {
  'gateways': (_ashlar_v1_GatewayStatus__Output)[];
}
