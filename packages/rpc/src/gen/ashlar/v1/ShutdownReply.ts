// Original file: proto/upkeep.proto


export interface ShutdownReply {
  'underWay'?: (boolean);
  'gateways'?: (string)[];
  'nodes'?: (string)[];
}

export interface ShutdownReply__Output {
  'underWay': (boolean);
  'gateways': (string)[];
  'nodes': (string)[];
}
