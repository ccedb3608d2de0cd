// Original file: proto/admin.proto


export interface MemberRequest {
  'name'?: (string);
}

export interface MemberRequest__Output {
  'name': (string);
}
