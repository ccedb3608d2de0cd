// Original file: proto/admin.proto


export interface DrainGatewayRequest {
  'gateway'?: (string);
  'draining'?: (boolean);
  'force'?: (boolean);
}

export interface DrainGatewayRequest__Output {
  'gateway': (string);
  'draining': (boolean);
  'force': (boolean);
}
