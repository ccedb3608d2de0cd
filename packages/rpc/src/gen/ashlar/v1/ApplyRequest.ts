// Original file: proto/recommend.proto


export interface ApplyRequest {
  'ids'?: (string)[];
}

export interface ApplyRequest__Output {
  'ids': (string)[];
}
