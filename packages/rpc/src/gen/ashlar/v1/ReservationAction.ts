// Original file: proto/catalog.proto

import type { Nexus as _ashlar_v1_Nexus, Nexus__Output as _ashlar_v1_Nexus__Output } from '../../ashlar/v1/Nexus.ts';
import type { Holding as _ashlar_v1_Holding, Holding__Output as _ashlar_v1_Holding__Output } from '../../ashlar/v1/Holding.ts';
import type { Long } from '@grpc/proto-loader';

export interface _ashlar_v1_ReservationAction_Clear {
  'key'?: (string);
}

export interface _ashlar_v1_ReservationAction_Clear__Output {
  'key': (string);
}

export interface _ashlar_v1_ReservationAction_KeyAndType {
  'key'?: (string);
  'type'?: (number);
}

export interface _ashlar_v1_ReservationAction_KeyAndType__Output {
  'key': (string);
  'type': (number);
}

export interface _ashlar_v1_ReservationAction_Preempt {
  'key'?: (string);
  'victim'?: (string);
  'type'?: (number);
  'abort'?: (boolean);
}

export interface _ashlar_v1_ReservationAction_Preempt__Output {
  'key': (string);
  'victim': (string);
  'type': (number);
  'abort': (boolean);
}

export interface _ashlar_v1_ReservationAction_Register {
  'key'?: (string);
  'newKey'?: (string);
  'allTargetPorts'?: (boolean);
  'aptpl'?: (boolean);
}

export interface _ashlar_v1_ReservationAction_Register__Output {
  'key': (string);
  'newKey': (string);
  'allTargetPorts': (boolean);
  'aptpl': (boolean);
}

export interface _ashlar_v1_ReservationAction_RegisterAndMove {
  'key'?: (string);
  'newKey'?: (string);
  'unregister'?: (boolean);
  'aptpl'?: (boolean);
  'to'?: (_ashlar_v1_Nexus | null);
}

export interface _ashlar_v1_ReservationAction_RegisterAndMove__Output {
  'key': (string);
  'newKey': (string);
  'unregister': (boolean);
  'aptpl': (boolean);
  'to': (_ashlar_v1_Nexus__Output | null);
}

export interface ReservationAction {
  'nexus'?: (_ashlar_v1_Nexus | null);
  'register'?: (_ashlar_v1_ReservationAction_Register | null);
  'reserve'?: (_ashlar_v1_ReservationAction_KeyAndType | null);
  'release'?: (_ashlar_v1_ReservationAction_KeyAndType | null);
  'clear'?: (_ashlar_v1_ReservationAction_Clear | null);
  'preempt'?: (_ashlar_v1_ReservationAction_Preempt | null);
  'registerAndMove'?: (_ashlar_v1_ReservationAction_RegisterAndMove | null);
  'take'?: (_ashlar_v1_Holding | null);
  'give'?: (_ashlar_v1_Holding | null);
  'seen'?: (number | string | Long);
  'kind'?: "register"|"reserve"|"release"|"clear"|"preempt"|"registerAndMove"|"take"|"give";
}

export interface ReservationAction__Output {
  'nexus': (_ashlar_v1_Nexus__Output | null);
  'register'?: (_ashlar_v1_ReservationAction_Register__Output | null);
  'reserve'?: (_ashlar_v1_ReservationAction_KeyAndType__Output | null);
  'release'?: (_ashlar_v1_ReservationAction_KeyAndType__Output | null);
  'clear'?: (_ashlar_v1_ReservationAction_Clear__Output | null);
  'preempt'?: (_ashlar_v1_ReservationAction_Preempt__Output | null);
  'registerAndMove'?: (_ashlar_v1_ReservationAction_RegisterAndMove__Output | null);
  'take'?: (_ashlar_v1_Holding__Output | null);
  'give'?: (_ashlar_v1_Holding__Output | null);
  'seen': (number);
  'kind'?: "register"|"reserve"|"release"|"clear"|"preempt"|"registerAndMove"|"take"|"give";
}
