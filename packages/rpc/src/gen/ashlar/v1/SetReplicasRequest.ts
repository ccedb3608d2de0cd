// Original file: proto/upkeep.proto


export interface SetReplicasRequest {
  'name'?: (string);
  'replicas'?: (number);
}

export interface SetReplicasRequest__Output {
  'name': (string);
  'replicas': (number);
}
