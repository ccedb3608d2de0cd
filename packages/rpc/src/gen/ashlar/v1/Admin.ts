// Original file: proto/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddMemberRequest as _ashlar_v1_AddMemberRequest, AddMemberRequest__Output as _ashlar_v1_AddMemberRequest__Output } from '../../ashlar/v1/AddMemberRequest.ts';
import type { ChangeAccessRequest as _ashlar_v1_ChangeAccessRequest, ChangeAccessRequest__Output as _ashlar_v1_ChangeAccessRequest__Output } from '../../ashlar/v1/ChangeAccessRequest.ts';
import type { CheckProgress as _ashlar_v1_CheckProgress, CheckProgress__Output as _ashlar_v1_CheckProgress__Output } from '../../ashlar/v1/CheckProgress.ts';
import type { ClusterStatusReply as _ashlar_v1_ClusterStatusReply, ClusterStatusReply__Output as _ashlar_v1_ClusterStatusReply__Output } from '../../ashlar/v1/ClusterStatusReply.ts';
import type { CreateHostRequest as _ashlar_v1_CreateHostRequest, CreateHostRequest__Output as _ashlar_v1_CreateHostRequest__Output } from '../../ashlar/v1/CreateHostRequest.ts';
import type { CreateVolumeRequest as _ashlar_v1_CreateVolumeRequest, CreateVolumeRequest__Output as _ashlar_v1_CreateVolumeRequest__Output } from '../../ashlar/v1/CreateVolumeRequest.ts';
import type { DeleteVolumeRequest as _ashlar_v1_DeleteVolumeRequest, DeleteVolumeRequest__Output as _ashlar_v1_DeleteVolumeRequest__Output } from '../../ashlar/v1/DeleteVolumeRequest.ts';
import type { DiskRequest as _ashlar_v1_DiskRequest, DiskRequest__Output as _ashlar_v1_DiskRequest__Output } from '../../ashlar/v1/DiskRequest.ts';
import type { DrainGatewayRequest as _ashlar_v1_DrainGatewayRequest, DrainGatewayRequest__Output as _ashlar_v1_DrainGatewayRequest__Output } from '../../ashlar/v1/DrainGatewayRequest.ts';
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { GroupStatusReply as _ashlar_v1_GroupStatusReply, GroupStatusReply__Output as _ashlar_v1_GroupStatusReply__Output } from '../../ashlar/v1/GroupStatusReply.ts';
import type { HostRequest as _ashlar_v1_HostRequest, HostRequest__Output as _ashlar_v1_HostRequest__Output } from '../../ashlar/v1/HostRequest.ts';
import type { HostStatus as _ashlar_v1_HostStatus, HostStatus__Output as _ashlar_v1_HostStatus__Output } from '../../ashlar/v1/HostStatus.ts';
import type { ListGatewaysReply as _ashlar_v1_ListGatewaysReply, ListGatewaysReply__Output as _ashlar_v1_ListGatewaysReply__Output } from '../../ashlar/v1/ListGatewaysReply.ts';
import type { ListHostsReply as _ashlar_v1_ListHostsReply, ListHostsReply__Output as _ashlar_v1_ListHostsReply__Output } from '../../ashlar/v1/ListHostsReply.ts';
import type { ListNodesReply as _ashlar_v1_ListNodesReply, ListNodesReply__Output as _ashlar_v1_ListNodesReply__Output } from '../../ashlar/v1/ListNodesReply.ts';
import type { ListVolumesReply as _ashlar_v1_ListVolumesReply, ListVolumesReply__Output as _ashlar_v1_ListVolumesReply__Output } from '../../ashlar/v1/ListVolumesReply.ts';
import type { MemberRequest as _ashlar_v1_MemberRequest, MemberRequest__Output as _ashlar_v1_MemberRequest__Output } from '../../ashlar/v1/MemberRequest.ts';
import type { RetireDiskRequest as _ashlar_v1_RetireDiskRequest, RetireDiskRequest__Output as _ashlar_v1_RetireDiskRequest__Output } from '../../ashlar/v1/RetireDiskRequest.ts';
import type { ScrubPass as _ashlar_v1_ScrubPass, ScrubPass__Output as _ashlar_v1_ScrubPass__Output } from '../../ashlar/v1/ScrubPass.ts';
import type { SetHostRequest as _ashlar_v1_SetHostRequest, SetHostRequest__Output as _ashlar_v1_SetHostRequest__Output } from '../../ashlar/v1/SetHostRequest.ts';
import type { VolumeRequest as _ashlar_v1_VolumeRequest, VolumeRequest__Output as _ashlar_v1_VolumeRequest__Output } from '../../ashlar/v1/VolumeRequest.ts';
import type { VolumeStatus as _ashlar_v1_VolumeStatus, VolumeStatus__Output as _ashlar_v1_VolumeStatus__Output } from '../../ashlar/v1/VolumeStatus.ts';

export interface AdminClient extends grpc.Client {
  AddMember(argument: _ashlar_v1_AddMemberRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  AddMember(argument: _ashlar_v1_AddMemberRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  AddMember(argument: _ashlar_v1_AddMemberRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  AddMember(argument: _ashlar_v1_AddMemberRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  addMember(argument: _ashlar_v1_AddMemberRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  addMember(argument: _ashlar_v1_AddMemberRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  addMember(argument: _ashlar_v1_AddMemberRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  addMember(argument: _ashlar_v1_AddMemberRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  ChangeAccess(argument: _ashlar_v1_ChangeAccessRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  ChangeAccess(argument: _ashlar_v1_ChangeAccessRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  ChangeAccess(argument: _ashlar_v1_ChangeAccessRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  ChangeAccess(argument: _ashlar_v1_ChangeAccessRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  changeAccess(argument: _ashlar_v1_ChangeAccessRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  changeAccess(argument: _ashlar_v1_ChangeAccessRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  changeAccess(argument: _ashlar_v1_ChangeAccessRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  changeAccess(argument: _ashlar_v1_ChangeAccessRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  
  CheckVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_CheckProgress__Output>;
  CheckVolume(argument: _ashlar_v1_VolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_CheckProgress__Output>;
  checkVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_CheckProgress__Output>;
  checkVolume(argument: _ashlar_v1_VolumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_CheckProgress__Output>;
  
  ClusterStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  ClusterStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  ClusterStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  ClusterStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  clusterStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  clusterStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  clusterStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  clusterStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ClusterStatusReply__Output>): grpc.ClientUnaryCall;
  
  CreateHost(argument: _ashlar_v1_CreateHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  CreateHost(argument: _ashlar_v1_CreateHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  CreateHost(argument: _ashlar_v1_CreateHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  CreateHost(argument: _ashlar_v1_CreateHostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  createHost(argument: _ashlar_v1_CreateHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  createHost(argument: _ashlar_v1_CreateHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  createHost(argument: _ashlar_v1_CreateHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  createHost(argument: _ashlar_v1_CreateHostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  
  CreateVolume(argument: _ashlar_v1_CreateVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _ashlar_v1_CreateVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _ashlar_v1_CreateVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  CreateVolume(argument: _ashlar_v1_CreateVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _ashlar_v1_CreateVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _ashlar_v1_CreateVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _ashlar_v1_CreateVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  createVolume(argument: _ashlar_v1_CreateVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  
  DeleteHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteHost(argument: _ashlar_v1_HostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteHost(argument: _ashlar_v1_HostRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteHost(argument: _ashlar_v1_HostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteHost(argument: _ashlar_v1_HostRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  DeleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DeleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  deleteVolume(argument: _ashlar_v1_DeleteVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  DrainGateway(argument: _ashlar_v1_DrainGatewayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DrainGateway(argument: _ashlar_v1_DrainGatewayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DrainGateway(argument: _ashlar_v1_DrainGatewayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  DrainGateway(argument: _ashlar_v1_DrainGatewayRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  drainGateway(argument: _ashlar_v1_DrainGatewayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  drainGateway(argument: _ashlar_v1_DrainGatewayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  drainGateway(argument: _ashlar_v1_DrainGatewayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  drainGateway(argument: _ashlar_v1_DrainGatewayRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  FenceVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_VolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_VolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_VolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_VolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  
  GetHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _ashlar_v1_HostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _ashlar_v1_HostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  getHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  getHost(argument: _ashlar_v1_HostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  getHost(argument: _ashlar_v1_HostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  getHost(argument: _ashlar_v1_HostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  
  GetVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _ashlar_v1_VolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  GetVolume(argument: _ashlar_v1_VolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _ashlar_v1_VolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _ashlar_v1_VolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  getVolume(argument: _ashlar_v1_VolumeRequest, callback: grpc.requestCallback<_ashlar_v1_VolumeStatus__Output>): grpc.ClientUnaryCall;
  
  GroupStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  GroupStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  GroupStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  GroupStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  groupStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  groupStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  groupStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  groupStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_GroupStatusReply__Output>): grpc.ClientUnaryCall;
  
  ListGateways(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  ListGateways(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  ListGateways(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  ListGateways(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  listGateways(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  listGateways(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  listGateways(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  listGateways(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListGatewaysReply__Output>): grpc.ClientUnaryCall;
  
  ListHosts(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  
  ListNodes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListNodesReply__Output>): grpc.ClientUnaryCall;
  
  ListVolumes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  ListVolumes(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  listVolumes(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ListVolumesReply__Output>): grpc.ClientUnaryCall;
  
  RemoveMember(argument: _ashlar_v1_MemberRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveMember(argument: _ashlar_v1_MemberRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveMember(argument: _ashlar_v1_MemberRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveMember(argument: _ashlar_v1_MemberRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeMember(argument: _ashlar_v1_MemberRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeMember(argument: _ashlar_v1_MemberRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeMember(argument: _ashlar_v1_MemberRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeMember(argument: _ashlar_v1_MemberRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  RetireDisk(argument: _ashlar_v1_RetireDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RetireDisk(argument: _ashlar_v1_RetireDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RetireDisk(argument: _ashlar_v1_RetireDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RetireDisk(argument: _ashlar_v1_RetireDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  retireDisk(argument: _ashlar_v1_RetireDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  retireDisk(argument: _ashlar_v1_RetireDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  retireDisk(argument: _ashlar_v1_RetireDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  retireDisk(argument: _ashlar_v1_RetireDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  ScrubDisk(argument: _ashlar_v1_DiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_DiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_DiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_DiskRequest, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_DiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_DiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_DiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_DiskRequest, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  
  SetHost(argument: _ashlar_v1_SetHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  SetHost(argument: _ashlar_v1_SetHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  SetHost(argument: _ashlar_v1_SetHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  SetHost(argument: _ashlar_v1_SetHostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  setHost(argument: _ashlar_v1_SetHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  setHost(argument: _ashlar_v1_SetHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  setHost(argument: _ashlar_v1_SetHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  setHost(argument: _ashlar_v1_SetHostRequest, callback: grpc.requestCallback<_ashlar_v1_HostStatus__Output>): grpc.ClientUnaryCall;
  
}

export interface AdminHandlers extends grpc.UntypedServiceImplementation {
  AddMember: grpc.handleUnaryCall<_ashlar_v1_AddMemberRequest__Output, _ashlar_v1_Empty>;
  
  ChangeAccess: grpc.handleUnaryCall<_ashlar_v1_ChangeAccessRequest__Output, _ashlar_v1_VolumeStatus>;
  
  CheckVolume: grpc.handleServerStreamingCall<_ashlar_v1_VolumeRequest__Output, _ashlar_v1_CheckProgress>;
  
  ClusterStatus: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ClusterStatusReply>;
  
  CreateHost: grpc.handleUnaryCall<_ashlar_v1_CreateHostRequest__Output, _ashlar_v1_HostStatus>;
  
  CreateVolume: grpc.handleUnaryCall<_ashlar_v1_CreateVolumeRequest__Output, _ashlar_v1_VolumeStatus>;
  
  DeleteHost: grpc.handleUnaryCall<_ashlar_v1_HostRequest__Output, _ashlar_v1_Empty>;
  
  DeleteVolume: grpc.handleUnaryCall<_ashlar_v1_DeleteVolumeRequest__Output, _ashlar_v1_Empty>;
  
  DrainGateway: grpc.handleUnaryCall<_ashlar_v1_DrainGatewayRequest__Output, _ashlar_v1_Empty>;
  
  FenceVolume: grpc.handleUnaryCall<_ashlar_v1_VolumeRequest__Output, _ashlar_v1_VolumeStatus>;
  
  GetHost: grpc.handleUnaryCall<_ashlar_v1_HostRequest__Output, _ashlar_v1_HostStatus>;
  
  GetVolume: grpc.handleUnaryCall<_ashlar_v1_VolumeRequest__Output, _ashlar_v1_VolumeStatus>;
  
  GroupStatus: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_GroupStatusReply>;
  
  ListGateways: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ListGatewaysReply>;
  
  ListHosts: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ListHostsReply>;
  
  ListNodes: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ListNodesReply>;
  
  ListVolumes: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ListVolumesReply>;
  
  RemoveMember: grpc.handleUnaryCall<_ashlar_v1_MemberRequest__Output, _ashlar_v1_Empty>;
  
  RetireDisk: grpc.handleUnaryCall<_ashlar_v1_RetireDiskRequest__Output, _ashlar_v1_Empty>;
  
  ScrubDisk: grpc.handleUnaryCall<_ashlar_v1_DiskRequest__Output, _ashlar_v1_ScrubPass>;
  
  SetHost: grpc.handleUnaryCall<_ashlar_v1_SetHostRequest__Output, _ashlar_v1_HostStatus>;
  
}

export interface AdminDefinition extends grpc.ServiceDefinition {
  AddMember: MethodDefinition<_ashlar_v1_AddMemberRequest, _ashlar_v1_Empty, _ashlar_v1_AddMemberRequest__Output, _ashlar_v1_Empty__Output>
  ChangeAccess: MethodDefinition<_ashlar_v1_ChangeAccessRequest, _ashlar_v1_VolumeStatus, _ashlar_v1_ChangeAccessRequest__Output, _ashlar_v1_VolumeStatus__Output>
  CheckVolume: MethodDefinition<_ashlar_v1_VolumeRequest, _ashlar_v1_CheckProgress, _ashlar_v1_VolumeRequest__Output, _ashlar_v1_CheckProgress__Output>
  ClusterStatus: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ClusterStatusReply, _ashlar_v1_Empty__Output, _ashlar_v1_ClusterStatusReply__Output>
  CreateHost: MethodDefinition<_ashlar_v1_CreateHostRequest, _ashlar_v1_HostStatus, _ashlar_v1_CreateHostRequest__Output, _ashlar_v1_HostStatus__Output>
  CreateVolume: MethodDefinition<_ashlar_v1_CreateVolumeRequest, _ashlar_v1_VolumeStatus, _ashlar_v1_CreateVolumeRequest__Output, _ashlar_v1_VolumeStatus__Output>
  DeleteHost: MethodDefinition<_ashlar_v1_HostRequest, _ashlar_v1_Empty, _ashlar_v1_HostRequest__Output, _ashlar_v1_Empty__Output>
  DeleteVolume: MethodDefinition<_ashlar_v1_DeleteVolumeRequest, _ashlar_v1_Empty, _ashlar_v1_DeleteVolumeRequest__Output, _ashlar_v1_Empty__Output>
  DrainGateway: MethodDefinition<_ashlar_v1_DrainGatewayRequest, _ashlar_v1_Empty, _ashlar_v1_DrainGatewayRequest__Output, _ashlar_v1_Empty__Output>
  FenceVolume: MethodDefinition<_ashlar_v1_VolumeRequest, _ashlar_v1_VolumeStatus, _ashlar_v1_VolumeRequest__Output, _ashlar_v1_VolumeStatus__Output>
  GetHost: MethodDefinition<_ashlar_v1_HostRequest, _ashlar_v1_HostStatus, _ashlar_v1_HostRequest__Output, _ashlar_v1_HostStatus__Output>
  GetVolume: MethodDefinition<_ashlar_v1_VolumeRequest, _ashlar_v1_VolumeStatus, _ashlar_v1_VolumeRequest__Output, _ashlar_v1_VolumeStatus__Output>
  GroupStatus: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_GroupStatusReply, _ashlar_v1_Empty__Output, _ashlar_v1_GroupStatusReply__Output>
  ListGateways: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ListGatewaysReply, _ashlar_v1_Empty__Output, _ashlar_v1_ListGatewaysReply__Output>
  ListHosts: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ListHostsReply, _ashlar_v1_Empty__Output, _ashlar_v1_ListHostsReply__Output>
  ListNodes: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ListNodesReply, _ashlar_v1_Empty__Output, _ashlar_v1_ListNodesReply__Output>
  ListVolumes: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ListVolumesReply, _ashlar_v1_Empty__Output, _ashlar_v1_ListVolumesReply__Output>
  RemoveMember: MethodDefinition<_ashlar_v1_MemberRequest, _ashlar_v1_Empty, _ashlar_v1_MemberRequest__Output, _ashlar_v1_Empty__Output>
  RetireDisk: MethodDefinition<_ashlar_v1_RetireDiskRequest, _ashlar_v1_Empty, _ashlar_v1_RetireDiskRequest__Output, _ashlar_v1_Empty__Output>
  ScrubDisk: MethodDefinition<_ashlar_v1_DiskRequest, _ashlar_v1_ScrubPass, _ashlar_v1_DiskRequest__Output, _ashlar_v1_ScrubPass__Output>
  SetHost: MethodDefinition<_ashlar_v1_SetHostRequest, _ashlar_v1_HostStatus, _ashlar_v1_SetHostRequest__Output, _ashlar_v1_HostStatus__Output>
}
