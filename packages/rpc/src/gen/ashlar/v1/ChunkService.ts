// Original file: proto/chunk.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { OpenCarrierReply as _ashlar_v1_OpenCarrierReply, OpenCarrierReply__Output as _ashlar_v1_OpenCarrierReply__Output } from '../../ashlar/v1/OpenCarrierReply.ts';
import type { OpenCarrierRequest as _ashlar_v1_OpenCarrierRequest, OpenCarrierRequest__Output as _ashlar_v1_OpenCarrierRequest__Output } from '../../ashlar/v1/OpenCarrierRequest.ts';
import type { RawFrames as _ashlar_v1_RawFrames, RawFrames__Output as _ashlar_v1_RawFrames__Output } from '../../ashlar/v1/RawFrames.ts';

export interface ChunkServiceClient extends grpc.Client {
  Carry(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_RawFrames, _ashlar_v1_RawFrames__Output>;
  Carry(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_RawFrames, _ashlar_v1_RawFrames__Output>;
  carry(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_RawFrames, _ashlar_v1_RawFrames__Output>;
  carry(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_RawFrames, _ashlar_v1_RawFrames__Output>;
  
  OpenCarrier(argument: _ashlar_v1_OpenCarrierRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  OpenCarrier(argument: _ashlar_v1_OpenCarrierRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  OpenCarrier(argument: _ashlar_v1_OpenCarrierRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  OpenCarrier(argument: _ashlar_v1_OpenCarrierRequest, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  openCarrier(argument: _ashlar_v1_OpenCarrierRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  openCarrier(argument: _ashlar_v1_OpenCarrierRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  openCarrier(argument: _ashlar_v1_OpenCarrierRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  openCarrier(argument: _ashlar_v1_OpenCarrierRequest, callback: grpc.requestCallback<_ashlar_v1_OpenCarrierReply__Output>): grpc.ClientUnaryCall;
  
}

export interface ChunkServiceHandlers extends grpc.UntypedServiceImplementation {
  Carry: grpc.handleBidiStreamingCall<_ashlar_v1_RawFrames__Output, _ashlar_v1_RawFrames>;
  
  OpenCarrier: grpc.handleUnaryCall<_ashlar_v1_OpenCarrierRequest__Output, _ashlar_v1_OpenCarrierReply>;
  
}

export interface ChunkServiceDefinition extends grpc.ServiceDefinition {
  Carry: MethodDefinition<_ashlar_v1_RawFrames, _ashlar_v1_RawFrames, _ashlar_v1_RawFrames__Output, _ashlar_v1_RawFrames__Output>
  OpenCarrier: MethodDefinition<_ashlar_v1_OpenCarrierRequest, _ashlar_v1_OpenCarrierReply, _ashlar_v1_OpenCarrierRequest__Output, _ashlar_v1_OpenCarrierReply__Output>
}
