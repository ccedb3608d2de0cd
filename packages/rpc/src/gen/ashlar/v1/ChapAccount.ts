// Original file: proto/common.proto


export interface ChapAccount {
  'user'?: (string);
  'secret'?: (string);
}

export interface ChapAccount__Output {
  'user': (string);
  'secret': (string);
}
