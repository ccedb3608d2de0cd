// Original file: proto/admin.proto


export interface RetireDiskRequest {
  'node'?: (string);
  'disk'?: (string);
  'force'?: (boolean);
}

export interface RetireDiskRequest__Output {
  'node': (string);
  'disk': (string);
  'force': (boolean);
}
