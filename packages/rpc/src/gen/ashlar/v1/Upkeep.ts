// Original file: proto/upkeep.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { EmptyDiskRequest as _ashlar_v1_EmptyDiskRequest, EmptyDiskRequest__Output as _ashlar_v1_EmptyDiskRequest__Output } from '../../ashlar/v1/EmptyDiskRequest.ts';
import type { KeepSlowDisksRequest as _ashlar_v1_KeepSlowDisksRequest, KeepSlowDisksRequest__Output as _ashlar_v1_KeepSlowDisksRequest__Output } from '../../ashlar/v1/KeepSlowDisksRequest.ts';
import type { RebalancePreview as _ashlar_v1_RebalancePreview, RebalancePreview__Output as _ashlar_v1_RebalancePreview__Output } from '../../ashlar/v1/RebalancePreview.ts';
import type { RebalanceStatusReply as _ashlar_v1_RebalanceStatusReply, RebalanceStatusReply__Output as _ashlar_v1_RebalanceStatusReply__Output } from '../../ashlar/v1/RebalanceStatusReply.ts';
import type { ReleasesReply as _ashlar_v1_ReleasesReply, ReleasesReply__Output as _ashlar_v1_ReleasesReply__Output } from '../../ashlar/v1/ReleasesReply.ts';
import type { RemoveNodeRequest as _ashlar_v1_RemoveNodeRequest, RemoveNodeRequest__Output as _ashlar_v1_RemoveNodeRequest__Output } from '../../ashlar/v1/RemoveNodeRequest.ts';
import type { SafetyReply as _ashlar_v1_SafetyReply, SafetyReply__Output as _ashlar_v1_SafetyReply__Output } from '../../ashlar/v1/SafetyReply.ts';
import type { SafetyRequest as _ashlar_v1_SafetyRequest, SafetyRequest__Output as _ashlar_v1_SafetyRequest__Output } from '../../ashlar/v1/SafetyRequest.ts';
import type { SetCopySpeedRequest as _ashlar_v1_SetCopySpeedRequest, SetCopySpeedRequest__Output as _ashlar_v1_SetCopySpeedRequest__Output } from '../../ashlar/v1/SetCopySpeedRequest.ts';
import type { SetNodeServiceRequest as _ashlar_v1_SetNodeServiceRequest, SetNodeServiceRequest__Output as _ashlar_v1_SetNodeServiceRequest__Output } from '../../ashlar/v1/SetNodeServiceRequest.ts';
import type { SetRebalancingReply as _ashlar_v1_SetRebalancingReply, SetRebalancingReply__Output as _ashlar_v1_SetRebalancingReply__Output } from '../../ashlar/v1/SetRebalancingReply.ts';
import type { SetRebalancingRequest as _ashlar_v1_SetRebalancingRequest, SetRebalancingRequest__Output as _ashlar_v1_SetRebalancingRequest__Output } from '../../ashlar/v1/SetRebalancingRequest.ts';
import type { SetReplicasRequest as _ashlar_v1_SetReplicasRequest, SetReplicasRequest__Output as _ashlar_v1_SetReplicasRequest__Output } from '../../ashlar/v1/SetReplicasRequest.ts';
import type { SetShutdownRequest as _ashlar_v1_SetShutdownRequest, SetShutdownRequest__Output as _ashlar_v1_SetShutdownRequest__Output } from '../../ashlar/v1/SetShutdownRequest.ts';
import type { ShutdownReply as _ashlar_v1_ShutdownReply, ShutdownReply__Output as _ashlar_v1_ShutdownReply__Output } from '../../ashlar/v1/ShutdownReply.ts';
import type { SlowDisksReply as _ashlar_v1_SlowDisksReply, SlowDisksReply__Output as _ashlar_v1_SlowDisksReply__Output } from '../../ashlar/v1/SlowDisksReply.ts';
import type { TrustDiskRequest as _ashlar_v1_TrustDiskRequest, TrustDiskRequest__Output as _ashlar_v1_TrustDiskRequest__Output } from '../../ashlar/v1/TrustDiskRequest.ts';

export interface UpkeepClient extends grpc.Client {
  EmptyDisk(argument: _ashlar_v1_EmptyDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EmptyDisk(argument: _ashlar_v1_EmptyDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EmptyDisk(argument: _ashlar_v1_EmptyDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EmptyDisk(argument: _ashlar_v1_EmptyDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  emptyDisk(argument: _ashlar_v1_EmptyDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  emptyDisk(argument: _ashlar_v1_EmptyDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  emptyDisk(argument: _ashlar_v1_EmptyDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  emptyDisk(argument: _ashlar_v1_EmptyDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  EndMember(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EndMember(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EndMember(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  EndMember(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  endMember(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  endMember(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  endMember(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  endMember(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  JudgeSafety(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  JudgeSafety(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  JudgeSafety(argument: _ashlar_v1_SafetyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  JudgeSafety(argument: _ashlar_v1_SafetyRequest, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  judgeSafety(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  judgeSafety(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  judgeSafety(argument: _ashlar_v1_SafetyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  judgeSafety(argument: _ashlar_v1_SafetyRequest, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  
  KeepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  KeepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  KeepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  KeepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  keepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  keepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  keepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  keepSlowDisks(argument: _ashlar_v1_KeepSlowDisksRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  ListReleases(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  ListReleases(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  ListReleases(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  ListReleases(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  listReleases(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  listReleases(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  listReleases(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  listReleases(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ReleasesReply__Output>): grpc.ClientUnaryCall;
  
  MayStop(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  MayStop(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  MayStop(argument: _ashlar_v1_SafetyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  MayStop(argument: _ashlar_v1_SafetyRequest, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  mayStop(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  mayStop(argument: _ashlar_v1_SafetyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  mayStop(argument: _ashlar_v1_SafetyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  mayStop(argument: _ashlar_v1_SafetyRequest, callback: grpc.requestCallback<_ashlar_v1_SafetyReply__Output>): grpc.ClientUnaryCall;
  
  PreviewRebalance(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  PreviewRebalance(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  PreviewRebalance(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  PreviewRebalance(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  previewRebalance(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  previewRebalance(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  previewRebalance(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  previewRebalance(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RebalancePreview__Output>): grpc.ClientUnaryCall;
  
  RebalanceStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  RebalanceStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  RebalanceStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  RebalanceStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  rebalanceStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  rebalanceStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  rebalanceStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  rebalanceStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RebalanceStatusReply__Output>): grpc.ClientUnaryCall;
  
  RemoveNode(argument: _ashlar_v1_RemoveNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _ashlar_v1_RemoveNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _ashlar_v1_RemoveNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _ashlar_v1_RemoveNodeRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _ashlar_v1_RemoveNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _ashlar_v1_RemoveNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _ashlar_v1_RemoveNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _ashlar_v1_RemoveNodeRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  SetCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setCopySpeed(argument: _ashlar_v1_SetCopySpeedRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  SetNodeService(argument: _ashlar_v1_SetNodeServiceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetNodeService(argument: _ashlar_v1_SetNodeServiceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetNodeService(argument: _ashlar_v1_SetNodeServiceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetNodeService(argument: _ashlar_v1_SetNodeServiceRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setNodeService(argument: _ashlar_v1_SetNodeServiceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setNodeService(argument: _ashlar_v1_SetNodeServiceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setNodeService(argument: _ashlar_v1_SetNodeServiceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setNodeService(argument: _ashlar_v1_SetNodeServiceRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  SetRebalancing(argument: _ashlar_v1_SetRebalancingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  SetRebalancing(argument: _ashlar_v1_SetRebalancingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  SetRebalancing(argument: _ashlar_v1_SetRebalancingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  SetRebalancing(argument: _ashlar_v1_SetRebalancingRequest, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  setRebalancing(argument: _ashlar_v1_SetRebalancingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  setRebalancing(argument: _ashlar_v1_SetRebalancingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  setRebalancing(argument: _ashlar_v1_SetRebalancingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  setRebalancing(argument: _ashlar_v1_SetRebalancingRequest, callback: grpc.requestCallback<_ashlar_v1_SetRebalancingReply__Output>): grpc.ClientUnaryCall;
  
  SetReplicas(argument: _ashlar_v1_SetReplicasRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetReplicas(argument: _ashlar_v1_SetReplicasRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetReplicas(argument: _ashlar_v1_SetReplicasRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetReplicas(argument: _ashlar_v1_SetReplicasRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setReplicas(argument: _ashlar_v1_SetReplicasRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setReplicas(argument: _ashlar_v1_SetReplicasRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setReplicas(argument: _ashlar_v1_SetReplicasRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setReplicas(argument: _ashlar_v1_SetReplicasRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  SetShutdown(argument: _ashlar_v1_SetShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  SetShutdown(argument: _ashlar_v1_SetShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  SetShutdown(argument: _ashlar_v1_SetShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  SetShutdown(argument: _ashlar_v1_SetShutdownRequest, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  setShutdown(argument: _ashlar_v1_SetShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  setShutdown(argument: _ashlar_v1_SetShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  setShutdown(argument: _ashlar_v1_SetShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  setShutdown(argument: _ashlar_v1_SetShutdownRequest, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  
  ShutdownStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  ShutdownStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  ShutdownStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  ShutdownStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdownStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdownStatus(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdownStatus(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdownStatus(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ShutdownReply__Output>): grpc.ClientUnaryCall;
  
  SlowDisks(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  SlowDisks(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  SlowDisks(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  SlowDisks(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  slowDisks(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  slowDisks(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  slowDisks(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  slowDisks(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_SlowDisksReply__Output>): grpc.ClientUnaryCall;
  
  TrustDisk(argument: _ashlar_v1_TrustDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  TrustDisk(argument: _ashlar_v1_TrustDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  TrustDisk(argument: _ashlar_v1_TrustDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  TrustDisk(argument: _ashlar_v1_TrustDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  trustDisk(argument: _ashlar_v1_TrustDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  trustDisk(argument: _ashlar_v1_TrustDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  trustDisk(argument: _ashlar_v1_TrustDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  trustDisk(argument: _ashlar_v1_TrustDiskRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
}

export interface UpkeepHandlers extends grpc.UntypedServiceImplementation {
  EmptyDisk: grpc.handleUnaryCall<_ashlar_v1_EmptyDiskRequest__Output, _ashlar_v1_Empty>;
  
  EndMember: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_Empty>;
  
  JudgeSafety: grpc.handleUnaryCall<_ashlar_v1_SafetyRequest__Output, _ashlar_v1_SafetyReply>;
  
  KeepSlowDisks: grpc.handleUnaryCall<_ashlar_v1_KeepSlowDisksRequest__Output, _ashlar_v1_Empty>;
  
  ListReleases: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ReleasesReply>;
  
  MayStop: grpc.handleUnaryCall<_ashlar_v1_SafetyRequest__Output, _ashlar_v1_SafetyReply>;
  
  PreviewRebalance: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_RebalancePreview>;
  
  RebalanceStatus: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_RebalanceStatusReply>;
  
  RemoveNode: grpc.handleUnaryCall<_ashlar_v1_RemoveNodeRequest__Output, _ashlar_v1_Empty>;
  
  SetCopySpeed: grpc.handleUnaryCall<_ashlar_v1_SetCopySpeedRequest__Output, _ashlar_v1_Empty>;
  
  SetNodeService: grpc.handleUnaryCall<_ashlar_v1_SetNodeServiceRequest__Output, _ashlar_v1_Empty>;
  
  SetRebalancing: grpc.handleUnaryCall<_ashlar_v1_SetRebalancingRequest__Output, _ashlar_v1_SetRebalancingReply>;
  
  SetReplicas: grpc.handleUnaryCall<_ashlar_v1_SetReplicasRequest__Output, _ashlar_v1_Empty>;
  
  SetShutdown: grpc.handleUnaryCall<_ashlar_v1_SetShutdownRequest__Output, _ashlar_v1_ShutdownReply>;
  
  ShutdownStatus: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ShutdownReply>;
  
  SlowDisks: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_SlowDisksReply>;
  
  TrustDisk: grpc.handleUnaryCall<_ashlar_v1_TrustDiskRequest__Output, _ashlar_v1_Empty>;
  
}

export interface UpkeepDefinition extends grpc.ServiceDefinition {
  EmptyDisk: MethodDefinition<_ashlar_v1_EmptyDiskRequest, _ashlar_v1_Empty, _ashlar_v1_EmptyDiskRequest__Output, _ashlar_v1_Empty__Output>
  EndMember: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_Empty, _ashlar_v1_Empty__Output, _ashlar_v1_Empty__Output>
  JudgeSafety: MethodDefinition<_ashlar_v1_SafetyRequest, _ashlar_v1_SafetyReply, _ashlar_v1_SafetyRequest__Output, _ashlar_v1_SafetyReply__Output>
  KeepSlowDisks: MethodDefinition<_ashlar_v1_KeepSlowDisksRequest, _ashlar_v1_Empty, _ashlar_v1_KeepSlowDisksRequest__Output, _ashlar_v1_Empty__Output>
  ListReleases: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ReleasesReply, _ashlar_v1_Empty__Output, _ashlar_v1_ReleasesReply__Output>
  MayStop: MethodDefinition<_ashlar_v1_SafetyRequest, _ashlar_v1_SafetyReply, _ashlar_v1_SafetyRequest__Output, _ashlar_v1_SafetyReply__Output>
  PreviewRebalance: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_RebalancePreview, _ashlar_v1_Empty__Output, _ashlar_v1_RebalancePreview__Output>
  RebalanceStatus: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_RebalanceStatusReply, _ashlar_v1_Empty__Output, _ashlar_v1_RebalanceStatusReply__Output>
  RemoveNode: MethodDefinition<_ashlar_v1_RemoveNodeRequest, _ashlar_v1_Empty, _ashlar_v1_RemoveNodeRequest__Output, _ashlar_v1_Empty__Output>
  SetCopySpeed: MethodDefinition<_ashlar_v1_SetCopySpeedRequest, _ashlar_v1_Empty, _ashlar_v1_SetCopySpeedRequest__Output, _ashlar_v1_Empty__Output>
  SetNodeService: MethodDefinition<_ashlar_v1_SetNodeServiceRequest, _ashlar_v1_Empty, _ashlar_v1_SetNodeServiceRequest__Output, _ashlar_v1_Empty__Output>
  SetRebalancing: MethodDefinition<_ashlar_v1_SetRebalancingRequest, _ashlar_v1_SetRebalancingReply, _ashlar_v1_SetRebalancingRequest__Output, _ashlar_v1_SetRebalancingReply__Output>
  SetReplicas: MethodDefinition<_ashlar_v1_SetReplicasRequest, _ashlar_v1_Empty, _ashlar_v1_SetReplicasRequest__Output, _ashlar_v1_Empty__Output>
  SetShutdown: MethodDefinition<_ashlar_v1_SetShutdownRequest, _ashlar_v1_ShutdownReply, _ashlar_v1_SetShutdownRequest__Output, _ashlar_v1_ShutdownReply__Output>
  ShutdownStatus: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ShutdownReply, _ashlar_v1_Empty__Output, _ashlar_v1_ShutdownReply__Output>
  SlowDisks: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_SlowDisksReply, _ashlar_v1_Empty__Output, _ashlar_v1_SlowDisksReply__Output>
  TrustDisk: MethodDefinition<_ashlar_v1_TrustDiskRequest, _ashlar_v1_Empty, _ashlar_v1_TrustDiskRequest__Output, _ashlar_v1_Empty__Output>
}
