// Original file: proto/upkeep.proto

import type { CopyReport as _ashlar_v1_CopyReport, CopyReport__Output as _ashlar_v1_CopyReport__Output } from '../../ashlar/v1/CopyReport.ts';

export interface NodeCopying {
  'node'?: (string);
  'copying'?: (_ashlar_v1_CopyReport | null);
}

export interface NodeCopying__Output {
  'node': (string);
  'copying': (_ashlar_v1_CopyReport__Output | null);
}
