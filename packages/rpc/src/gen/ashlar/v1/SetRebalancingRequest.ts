// Original file: proto/upkeep.proto


export interface SetRebalancingRequest {
  'rebalancing'?: (string);
  'cancel'?: (boolean);
}

export interface SetRebalancingRequest__Output {
  'rebalancing': (string);
  'cancel': (boolean);
}
