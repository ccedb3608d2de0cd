// Original file: proto/admin.proto


export interface HostRequest {
  'name'?: (string);
}

export interface HostRequest__Output {
  'name': (string);
}
