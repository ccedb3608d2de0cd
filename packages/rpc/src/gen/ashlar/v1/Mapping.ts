// Original file: proto/common.proto


export interface Mapping {
  'host'?: (string);
  'lun'?: (number);
  'readOnly'?: (boolean);
}

export interface Mapping__Output {
  'host': (string);
  'lun': (number);
  'readOnly': (boolean);
}
