// Original file: proto/heartbeat.proto

import type { StoreReport as _ashlar_v1_StoreReport, StoreReport__Output as _ashlar_v1_StoreReport__Output } from '../../ashlar/v1/StoreReport.ts';
import type { HeldSessions as _ashlar_v1_HeldSessions, HeldSessions__Output as _ashlar_v1_HeldSessions__Output } from '../../ashlar/v1/HeldSessions.ts';
import type { CopyReport as _ashlar_v1_CopyReport, CopyReport__Output as _ashlar_v1_CopyReport__Output } from '../../ashlar/v1/CopyReport.ts';
import type { LoadReport as _ashlar_v1_LoadReport, LoadReport__Output as _ashlar_v1_LoadReport__Output } from '../../ashlar/v1/LoadReport.ts';
import type { LostPath as _ashlar_v1_LostPath, LostPath__Output as _ashlar_v1_LostPath__Output } from '../../ashlar/v1/LostPath.ts';
import type { Long } from '@grpc/proto-loader';

export interface PingMessage {
  'version'?: (number);
  'process'?: (string);
  'incarnation'?: (number | string | Long);
  'stores'?: (_ashlar_v1_StoreReport)[];
  'silent'?: (string)[];
  'sessions'?: (_ashlar_v1_HeldSessions | null);
  'copying'?: (_ashlar_v1_CopyReport | null);
  'build'?: (string);
  'protocol'?: (number);
  'load'?: (_ashlar_v1_LoadReport | null);
  'serial'?: (number | string | Long);
  'path'?: (number);
  'lostPaths'?: (_ashlar_v1_LostPath)[];
}

export interface PingMessage__Output {
  'version': (number);
  'process': (string);
  'incarnation': (number);
  'stores': (_ashlar_v1_StoreReport__Output)[];
  'silent': (string)[];
  'sessions': (_ashlar_v1_HeldSessions__Output | null);
  'copying': (_ashlar_v1_CopyReport__Output | null);
  'build': (string);
  'protocol': (number);
  'load': (_ashlar_v1_LoadReport__Output | null);
  'serial': (number);
  'path': (number);
  'lostPaths': (_ashlar_v1_LostPath__Output)[];
}
