// Original file: proto/admin.proto


export interface AddMemberRequest {
  'name'?: (string);
  'address'?: (string);
}

export interface AddMemberRequest__Output {
  'name': (string);
  'address': (string);
}
