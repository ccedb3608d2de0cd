// Original file: proto/admin.proto


export interface HostVolume {
  'name'?: (string);
  'lun'?: (number);
  'readOnly'?: (boolean);
}

export interface HostVolume__Output {
  'name': (string);
  'lun': (number);
  'readOnly': (boolean);
}
