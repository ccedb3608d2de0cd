// Original file: proto/catalog.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddToIsrRequest as _ashlar_v1_AddToIsrRequest, AddToIsrRequest__Output as _ashlar_v1_AddToIsrRequest__Output } from '../../ashlar/v1/AddToIsrRequest.ts';
import type { ChangeReservationReply as _ashlar_v1_ChangeReservationReply, ChangeReservationReply__Output as _ashlar_v1_ChangeReservationReply__Output } from '../../ashlar/v1/ChangeReservationReply.ts';
import type { ChangeReservationRequest as _ashlar_v1_ChangeReservationRequest, ChangeReservationRequest__Output as _ashlar_v1_ChangeReservationRequest__Output } from '../../ashlar/v1/ChangeReservationRequest.ts';
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { FenceVolumeRequest as _ashlar_v1_FenceVolumeRequest, FenceVolumeRequest__Output as _ashlar_v1_FenceVolumeRequest__Output } from '../../ashlar/v1/FenceVolumeRequest.ts';
import type { PlaceSessionReply as _ashlar_v1_PlaceSessionReply, PlaceSessionReply__Output as _ashlar_v1_PlaceSessionReply__Output } from '../../ashlar/v1/PlaceSessionReply.ts';
import type { PlaceSessionRequest as _ashlar_v1_PlaceSessionRequest, PlaceSessionRequest__Output as _ashlar_v1_PlaceSessionRequest__Output } from '../../ashlar/v1/PlaceSessionRequest.ts';
import type { ProposalReply as _ashlar_v1_ProposalReply, ProposalReply__Output as _ashlar_v1_ProposalReply__Output } from '../../ashlar/v1/ProposalReply.ts';
import type { ProveReservationsReply as _ashlar_v1_ProveReservationsReply, ProveReservationsReply__Output as _ashlar_v1_ProveReservationsReply__Output } from '../../ashlar/v1/ProveReservationsReply.ts';
import type { ProveReservationsRequest as _ashlar_v1_ProveReservationsRequest, ProveReservationsRequest__Output as _ashlar_v1_ProveReservationsRequest__Output } from '../../ashlar/v1/ProveReservationsRequest.ts';
import type { RegisterGatewayRequest as _ashlar_v1_RegisterGatewayRequest, RegisterGatewayRequest__Output as _ashlar_v1_RegisterGatewayRequest__Output } from '../../ashlar/v1/RegisterGatewayRequest.ts';
import type { RegisterReply as _ashlar_v1_RegisterReply, RegisterReply__Output as _ashlar_v1_RegisterReply__Output } from '../../ashlar/v1/RegisterReply.ts';
import type { RegisterStorageRequest as _ashlar_v1_RegisterStorageRequest, RegisterStorageRequest__Output as _ashlar_v1_RegisterStorageRequest__Output } from '../../ashlar/v1/RegisterStorageRequest.ts';
import type { StoreDownRequest as _ashlar_v1_StoreDownRequest, StoreDownRequest__Output as _ashlar_v1_StoreDownRequest__Output } from '../../ashlar/v1/StoreDownRequest.ts';
import type { WatchMessage as _ashlar_v1_WatchMessage, WatchMessage__Output as _ashlar_v1_WatchMessage__Output } from '../../ashlar/v1/WatchMessage.ts';
import type { WatchRequest as _ashlar_v1_WatchRequest, WatchRequest__Output as _ashlar_v1_WatchRequest__Output } from '../../ashlar/v1/WatchRequest.ts';

export interface CatalogClient extends grpc.Client {
  AddToIsr(argument: _ashlar_v1_AddToIsrRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  AddToIsr(argument: _ashlar_v1_AddToIsrRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  AddToIsr(argument: _ashlar_v1_AddToIsrRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  AddToIsr(argument: _ashlar_v1_AddToIsrRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  addToIsr(argument: _ashlar_v1_AddToIsrRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  addToIsr(argument: _ashlar_v1_AddToIsrRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  addToIsr(argument: _ashlar_v1_AddToIsrRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  addToIsr(argument: _ashlar_v1_AddToIsrRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  
  ChangeReservation(argument: _ashlar_v1_ChangeReservationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  ChangeReservation(argument: _ashlar_v1_ChangeReservationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  ChangeReservation(argument: _ashlar_v1_ChangeReservationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  ChangeReservation(argument: _ashlar_v1_ChangeReservationRequest, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  changeReservation(argument: _ashlar_v1_ChangeReservationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  changeReservation(argument: _ashlar_v1_ChangeReservationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  changeReservation(argument: _ashlar_v1_ChangeReservationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  changeReservation(argument: _ashlar_v1_ChangeReservationRequest, callback: grpc.requestCallback<_ashlar_v1_ChangeReservationReply__Output>): grpc.ClientUnaryCall;
  
  FenceVolume(argument: _ashlar_v1_FenceVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_FenceVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_FenceVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  FenceVolume(argument: _ashlar_v1_FenceVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_FenceVolumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_FenceVolumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_FenceVolumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  fenceVolume(argument: _ashlar_v1_FenceVolumeRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  
  PlaceSession(argument: _ashlar_v1_PlaceSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  PlaceSession(argument: _ashlar_v1_PlaceSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  PlaceSession(argument: _ashlar_v1_PlaceSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  PlaceSession(argument: _ashlar_v1_PlaceSessionRequest, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  placeSession(argument: _ashlar_v1_PlaceSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  placeSession(argument: _ashlar_v1_PlaceSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  placeSession(argument: _ashlar_v1_PlaceSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  placeSession(argument: _ashlar_v1_PlaceSessionRequest, callback: grpc.requestCallback<_ashlar_v1_PlaceSessionReply__Output>): grpc.ClientUnaryCall;
  
  ProveReservations(argument: _ashlar_v1_ProveReservationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  ProveReservations(argument: _ashlar_v1_ProveReservationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  ProveReservations(argument: _ashlar_v1_ProveReservationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  ProveReservations(argument: _ashlar_v1_ProveReservationsRequest, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  proveReservations(argument: _ashlar_v1_ProveReservationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  proveReservations(argument: _ashlar_v1_ProveReservationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  proveReservations(argument: _ashlar_v1_ProveReservationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  proveReservations(argument: _ashlar_v1_ProveReservationsRequest, callback: grpc.requestCallback<_ashlar_v1_ProveReservationsReply__Output>): grpc.ClientUnaryCall;
  
  ReadIndex(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  ReadIndex(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  ReadIndex(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  ReadIndex(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  readIndex(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  readIndex(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  readIndex(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  readIndex(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  
  RegisterGateway(argument: _ashlar_v1_RegisterGatewayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterGateway(argument: _ashlar_v1_RegisterGatewayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterGateway(argument: _ashlar_v1_RegisterGatewayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterGateway(argument: _ashlar_v1_RegisterGatewayRequest, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerGateway(argument: _ashlar_v1_RegisterGatewayRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerGateway(argument: _ashlar_v1_RegisterGatewayRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerGateway(argument: _ashlar_v1_RegisterGatewayRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerGateway(argument: _ashlar_v1_RegisterGatewayRequest, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  
  RegisterStorage(argument: _ashlar_v1_RegisterStorageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterStorage(argument: _ashlar_v1_RegisterStorageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterStorage(argument: _ashlar_v1_RegisterStorageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  RegisterStorage(argument: _ashlar_v1_RegisterStorageRequest, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerStorage(argument: _ashlar_v1_RegisterStorageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerStorage(argument: _ashlar_v1_RegisterStorageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerStorage(argument: _ashlar_v1_RegisterStorageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  registerStorage(argument: _ashlar_v1_RegisterStorageRequest, callback: grpc.requestCallback<_ashlar_v1_RegisterReply__Output>): grpc.ClientUnaryCall;
  
  StoreDown(argument: _ashlar_v1_StoreDownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  StoreDown(argument: _ashlar_v1_StoreDownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  StoreDown(argument: _ashlar_v1_StoreDownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  StoreDown(argument: _ashlar_v1_StoreDownRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  storeDown(argument: _ashlar_v1_StoreDownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  storeDown(argument: _ashlar_v1_StoreDownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  storeDown(argument: _ashlar_v1_StoreDownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  storeDown(argument: _ashlar_v1_StoreDownRequest, callback: grpc.requestCallback<_ashlar_v1_ProposalReply__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _ashlar_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_WatchMessage__Output>;
  Watch(argument: _ashlar_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_WatchMessage__Output>;
  watch(argument: _ashlar_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_WatchMessage__Output>;
  watch(argument: _ashlar_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_WatchMessage__Output>;
  
}

export interface CatalogHandlers extends grpc.UntypedServiceImplementation {
  AddToIsr: grpc.handleUnaryCall<_ashlar_v1_AddToIsrRequest__Output, _ashlar_v1_ProposalReply>;
  
  ChangeReservation: grpc.handleUnaryCall<_ashlar_v1_ChangeReservationRequest__Output, _ashlar_v1_ChangeReservationReply>;
  
  FenceVolume: grpc.handleUnaryCall<_ashlar_v1_FenceVolumeRequest__Output, _ashlar_v1_ProposalReply>;
  
  PlaceSession: grpc.handleUnaryCall<_ashlar_v1_PlaceSessionRequest__Output, _ashlar_v1_PlaceSessionReply>;
  
  ProveReservations: grpc.handleUnaryCall<_ashlar_v1_ProveReservationsRequest__Output, _ashlar_v1_ProveReservationsReply>;
  
  ReadIndex: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_ProposalReply>;
  
  RegisterGateway: grpc.handleUnaryCall<_ashlar_v1_RegisterGatewayRequest__Output, _ashlar_v1_RegisterReply>;
  
  RegisterStorage: grpc.handleUnaryCall<_ashlar_v1_RegisterStorageRequest__Output, _ashlar_v1_RegisterReply>;
  
  StoreDown: grpc.handleUnaryCall<_ashlar_v1_StoreDownRequest__Output, _ashlar_v1_ProposalReply>;
  
  Watch: grpc.handleServerStreamingCall<_ashlar_v1_WatchRequest__Output, _ashlar_v1_WatchMessage>;
  
}

export interface CatalogDefinition extends grpc.ServiceDefinition {
  AddToIsr: MethodDefinition<_ashlar_v1_AddToIsrRequest, _ashlar_v1_ProposalReply, _ashlar_v1_AddToIsrRequest__Output, _ashlar_v1_ProposalReply__Output>
  ChangeReservation: MethodDefinition<_ashlar_v1_ChangeReservationRequest, _ashlar_v1_ChangeReservationReply, _ashlar_v1_ChangeReservationRequest__Output, _ashlar_v1_ChangeReservationReply__Output>
  FenceVolume: MethodDefinition<_ashlar_v1_FenceVolumeRequest, _ashlar_v1_ProposalReply, _ashlar_v1_FenceVolumeRequest__Output, _ashlar_v1_ProposalReply__Output>
  PlaceSession: MethodDefinition<_ashlar_v1_PlaceSessionRequest, _ashlar_v1_PlaceSessionReply, _ashlar_v1_PlaceSessionRequest__Output, _ashlar_v1_PlaceSessionReply__Output>
  ProveReservations: MethodDefinition<_ashlar_v1_ProveReservationsRequest, _ashlar_v1_ProveReservationsReply, _ashlar_v1_ProveReservationsRequest__Output, _ashlar_v1_ProveReservationsReply__Output>
  ReadIndex: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_ProposalReply, _ashlar_v1_Empty__Output, _ashlar_v1_ProposalReply__Output>
  RegisterGateway: MethodDefinition<_ashlar_v1_RegisterGatewayRequest, _ashlar_v1_RegisterReply, _ashlar_v1_RegisterGatewayRequest__Output, _ashlar_v1_RegisterReply__Output>
  RegisterStorage: MethodDefinition<_ashlar_v1_RegisterStorageRequest, _ashlar_v1_RegisterReply, _ashlar_v1_RegisterStorageRequest__Output, _ashlar_v1_RegisterReply__Output>
  StoreDown: MethodDefinition<_ashlar_v1_StoreDownRequest, _ashlar_v1_ProposalReply, _ashlar_v1_StoreDownRequest__Output, _ashlar_v1_ProposalReply__Output>
  Watch: MethodDefinition<_ashlar_v1_WatchRequest, _ashlar_v1_WatchMessage, _ashlar_v1_WatchRequest__Output, _ashlar_v1_WatchMessage__Output>
}
