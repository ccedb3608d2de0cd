// Original file: proto/storage.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckChunksRequest as _ashlar_v1_CheckChunksRequest, CheckChunksRequest__Output as _ashlar_v1_CheckChunksRequest__Output } from '../../ashlar/v1/CheckChunksRequest.ts';
import type { ChunkCheck as _ashlar_v1_ChunkCheck, ChunkCheck__Output as _ashlar_v1_ChunkCheck__Output } from '../../ashlar/v1/ChunkCheck.ts';
import type { CloseGenerationReply as _ashlar_v1_CloseGenerationReply, CloseGenerationReply__Output as _ashlar_v1_CloseGenerationReply__Output } from '../../ashlar/v1/CloseGenerationReply.ts';
import type { CloseGenerationRequest as _ashlar_v1_CloseGenerationRequest, CloseGenerationRequest__Output as _ashlar_v1_CloseGenerationRequest__Output } from '../../ashlar/v1/CloseGenerationRequest.ts';
import type { ScrubDiskRequest as _ashlar_v1_ScrubDiskRequest, ScrubDiskRequest__Output as _ashlar_v1_ScrubDiskRequest__Output } from '../../ashlar/v1/ScrubDiskRequest.ts';
import type { ScrubPass as _ashlar_v1_ScrubPass, ScrubPass__Output as _ashlar_v1_ScrubPass__Output } from '../../ashlar/v1/ScrubPass.ts';

export interface StorageServiceClient extends grpc.Client {
  CheckChunks(argument: _ashlar_v1_CheckChunksRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  CheckChunks(argument: _ashlar_v1_CheckChunksRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  checkChunks(argument: _ashlar_v1_CheckChunksRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  checkChunks(argument: _ashlar_v1_CheckChunksRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  
  CloseGeneration(argument: _ashlar_v1_CloseGenerationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  CloseGeneration(argument: _ashlar_v1_CloseGenerationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  CloseGeneration(argument: _ashlar_v1_CloseGenerationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  CloseGeneration(argument: _ashlar_v1_CloseGenerationRequest, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  closeGeneration(argument: _ashlar_v1_CloseGenerationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  closeGeneration(argument: _ashlar_v1_CloseGenerationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  closeGeneration(argument: _ashlar_v1_CloseGenerationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  closeGeneration(argument: _ashlar_v1_CloseGenerationRequest, callback: grpc.requestCallback<_ashlar_v1_CloseGenerationReply__Output>): grpc.ClientUnaryCall;
  
  ScrubDisk(argument: _ashlar_v1_ScrubDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_ScrubDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_ScrubDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  ScrubDisk(argument: _ashlar_v1_ScrubDiskRequest, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_ScrubDiskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_ScrubDiskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_ScrubDiskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  scrubDisk(argument: _ashlar_v1_ScrubDiskRequest, callback: grpc.requestCallback<_ashlar_v1_ScrubPass__Output>): grpc.ClientUnaryCall;
  
}

export interface StorageServiceHandlers extends grpc.UntypedServiceImplementation {
  CheckChunks: grpc.handleServerStreamingCall<_ashlar_v1_CheckChunksRequest__Output, _ashlar_v1_ChunkCheck>;
  
  CloseGeneration: grpc.handleUnaryCall<_ashlar_v1_CloseGenerationRequest__Output, _ashlar_v1_CloseGenerationReply>;
  
  ScrubDisk: grpc.handleUnaryCall<_ashlar_v1_ScrubDiskRequest__Output, _ashlar_v1_ScrubPass>;
  
}

export interface StorageServiceDefinition extends grpc.ServiceDefinition {
  CheckChunks: MethodDefinition<_ashlar_v1_CheckChunksRequest, _ashlar_v1_ChunkCheck, _ashlar_v1_CheckChunksRequest__Output, _ashlar_v1_ChunkCheck__Output>
  CloseGeneration: MethodDefinition<_ashlar_v1_CloseGenerationRequest, _ashlar_v1_CloseGenerationReply, _ashlar_v1_CloseGenerationRequest__Output, _ashlar_v1_CloseGenerationReply__Output>
  ScrubDisk: MethodDefinition<_ashlar_v1_ScrubDiskRequest, _ashlar_v1_ScrubPass, _ashlar_v1_ScrubDiskRequest__Output, _ashlar_v1_ScrubPass__Output>
}
