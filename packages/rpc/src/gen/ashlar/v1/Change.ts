// Original file: proto/catalog.proto

import type { ClusterRecord as _ashlar_v1_ClusterRecord, ClusterRecord__Output as _ashlar_v1_ClusterRecord__Output } from '../../ashlar/v1/ClusterRecord.ts';
import type { NodeRecord as _ashlar_v1_NodeRecord, NodeRecord__Output as _ashlar_v1_NodeRecord__Output } from '../../ashlar/v1/NodeRecord.ts';
import type { GatewayRecord as _ashlar_v1_GatewayRecord, GatewayRecord__Output as _ashlar_v1_GatewayRecord__Output } from '../../ashlar/v1/GatewayRecord.ts';
import type { VolumeRecord as _ashlar_v1_VolumeRecord, VolumeRecord__Output as _ashlar_v1_VolumeRecord__Output } from '../../ashlar/v1/VolumeRecord.ts';
import type { VolumeDeleted as _ashlar_v1_VolumeDeleted, VolumeDeleted__Output as _ashlar_v1_VolumeDeleted__Output } from '../../ashlar/v1/VolumeDeleted.ts';
import type { MemberRecord as _ashlar_v1_MemberRecord, MemberRecord__Output as _ashlar_v1_MemberRecord__Output } from '../../ashlar/v1/MemberRecord.ts';
import type { MemberRemoved as _ashlar_v1_MemberRemoved, MemberRemoved__Output as _ashlar_v1_MemberRemoved__Output } from '../../ashlar/v1/MemberRemoved.ts';
import type { HostRecord as _ashlar_v1_HostRecord, HostRecord__Output as _ashlar_v1_HostRecord__Output } from '../../ashlar/v1/HostRecord.ts';
import type { HostDeleted as _ashlar_v1_HostDeleted, HostDeleted__Output as _ashlar_v1_HostDeleted__Output } from '../../ashlar/v1/HostDeleted.ts';
import type { NodeRemoved as _ashlar_v1_NodeRemoved, NodeRemoved__Output as _ashlar_v1_NodeRemoved__Output } from '../../ashlar/v1/NodeRemoved.ts';

export interface Change {
  'cluster'?: (_ashlar_v1_ClusterRecord | null);
  'node'?: (_ashlar_v1_NodeRecord | null);
  'gateway'?: (_ashlar_v1_GatewayRecord | null);
  'volume'?: (_ashlar_v1_VolumeRecord | null);
  'volumeDeleted'?: (_ashlar_v1_VolumeDeleted | null);
  'member'?: (_ashlar_v1_MemberRecord | null);
  'memberRemoved'?: (_ashlar_v1_MemberRemoved | null);
  'host'?: (_ashlar_v1_HostRecord | null);
  'hostDeleted'?: (_ashlar_v1_HostDeleted | null);
  'nodeRemoved'?: (_ashlar_v1_NodeRemoved | null);
  'change'?: "cluster"|"node"|"gateway"|"volume"|"volumeDeleted"|"member"|"memberRemoved"|"host"|"hostDeleted"|"nodeRemoved";
}

export interface Change__Output {
  'cluster'?: (_ashlar_v1_ClusterRecord__Output | null);
  'node'?: (_ashlar_v1_NodeRecord__Output | null);
  'gateway'?: (_ashlar_v1_GatewayRecord__Output | null);
  'volume'?: (_ashlar_v1_VolumeRecord__Output | null);
  'volumeDeleted'?: (_ashlar_v1_VolumeDeleted__Output | null);
  'member'?: (_ashlar_v1_MemberRecord__Output | null);
  'memberRemoved'?: (_ashlar_v1_MemberRemoved__Output | null);
  'host'?: (_ashlar_v1_HostRecord__Output | null);
  'hostDeleted'?: (_ashlar_v1_HostDeleted__Output | null);
  'nodeRemoved'?: (_ashlar_v1_NodeRemoved__Output | null);
  'change'?: "cluster"|"node"|"gateway"|"volume"|"volumeDeleted"|"member"|"memberRemoved"|"host"|"hostDeleted"|"nodeRemoved";
}
