// Original file: proto/storage.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckChunksRequest as _ashlar_v1_CheckChunksRequest, CheckChunksRequest__Output as _ashlar_v1_CheckChunksRequest__Output } from '../../ashlar/v1/CheckChunksRequest.ts';
import type { ChunkCheck as _ashlar_v1_ChunkCheck, ChunkCheck__Output as _ashlar_v1_ChunkCheck__Output } from '../../ashlar/v1/ChunkCheck.ts';

export interface StorageServiceClient extends grpc.Client {
  CheckChunks(argument: _ashlar_v1_CheckChunksRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  CheckChunks(argument: _ashlar_v1_CheckChunksRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  checkChunks(argument: _ashlar_v1_CheckChunksRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  checkChunks(argument: _ashlar_v1_CheckChunksRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_ashlar_v1_ChunkCheck__Output>;
  
}

export interface StorageServiceHandlers extends grpc.UntypedServiceImplementation {
  CheckChunks: grpc.handleServerStreamingCall<_ashlar_v1_CheckChunksRequest__Output, _ashlar_v1_ChunkCheck>;
  
}

export interface StorageServiceDefinition extends grpc.ServiceDefinition {
  CheckChunks: MethodDefinition<_ashlar_v1_CheckChunksRequest, _ashlar_v1_ChunkCheck, _ashlar_v1_CheckChunksRequest__Output, _ashlar_v1_ChunkCheck__Output>
}
