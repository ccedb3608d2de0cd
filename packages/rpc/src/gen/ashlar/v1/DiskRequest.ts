// Original file: proto/admin.proto


export interface DiskRequest {
  'node'?: (string);
  'disk'?: (string);
}

export interface DiskRequest__Output {
  'node': (string);
  'disk': (string);
}
