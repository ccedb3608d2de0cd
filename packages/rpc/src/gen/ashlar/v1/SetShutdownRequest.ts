// Original file: proto/upkeep.proto


export interface SetShutdownRequest {
  'underWay'?: (boolean);
}

export interface SetShutdownRequest__Output {
  'underWay': (boolean);
}
