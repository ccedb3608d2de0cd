// Original file: proto/admin.proto

import type { AccessEdit as _ashlar_v1_AccessEdit, AccessEdit__Output as _ashlar_v1_AccessEdit__Output } from '../../ashlar/v1/AccessEdit.ts';

export interface ChangeAccessRequest {
  'name'?: (string);
  'edit'?: (_ashlar_v1_AccessEdit | null);
}

export interface ChangeAccessRequest__Output {
  'name': (string);
  'edit': (_ashlar_v1_AccessEdit__Output | null);
}
