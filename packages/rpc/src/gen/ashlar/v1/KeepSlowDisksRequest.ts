// Original file: proto/upkeep.proto


export interface KeepSlowDisksRequest {
  'keeps'?: (boolean);
}

export interface KeepSlowDisksRequest__Output {
  'keeps': (boolean);
}
