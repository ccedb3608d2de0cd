// Original file: proto/admin.proto


export interface LostPathStatus {
  'process'?: (string);
  'peer'?: (string);
  'path'?: (string);
}

export interface LostPathStatus__Output {
  'process': (string);
  'peer': (string);
  'path': (string);
}
