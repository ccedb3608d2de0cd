// Original file: proto/recommend.proto


export interface SetAdviceRequest {
  'advice'?: (string);
}

export interface SetAdviceRequest__Output {
  'advice': (string);
}
