// Original file: proto/admin.proto


export interface VolumeRequest {
  'name'?: (string);
}

export interface VolumeRequest__Output {
  'name': (string);
}
