// Original file: proto/raft.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { JoinReply as _ashlar_v1_JoinReply, JoinReply__Output as _ashlar_v1_JoinReply__Output } from '../../ashlar/v1/JoinReply.ts';
import type { JoinRequest as _ashlar_v1_JoinRequest, JoinRequest__Output as _ashlar_v1_JoinRequest__Output } from '../../ashlar/v1/JoinRequest.ts';
import type { RaftBatch as _ashlar_v1_RaftBatch, RaftBatch__Output as _ashlar_v1_RaftBatch__Output } from '../../ashlar/v1/RaftBatch.ts';
import type { SnapshotPart as _ashlar_v1_SnapshotPart, SnapshotPart__Output as _ashlar_v1_SnapshotPart__Output } from '../../ashlar/v1/SnapshotPart.ts';

export interface RaftClient extends grpc.Client {
  InstallSnapshot(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  InstallSnapshot(metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  InstallSnapshot(options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  InstallSnapshot(callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  installSnapshot(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  installSnapshot(metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  installSnapshot(options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  installSnapshot(callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_SnapshotPart>;
  
  Join(argument: _ashlar_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _ashlar_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _ashlar_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _ashlar_v1_JoinRequest, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _ashlar_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _ashlar_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _ashlar_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _ashlar_v1_JoinRequest, callback: grpc.requestCallback<_ashlar_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  
  Messages(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  Messages(metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  Messages(options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  Messages(callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  messages(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  messages(metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  messages(options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  messages(callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientWritableStream<_ashlar_v1_RaftBatch>;
  
}

export interface RaftHandlers extends grpc.UntypedServiceImplementation {
  InstallSnapshot: grpc.handleClientStreamingCall<_ashlar_v1_SnapshotPart__Output, _ashlar_v1_Empty>;
  
  Join: grpc.handleUnaryCall<_ashlar_v1_JoinRequest__Output, _ashlar_v1_JoinReply>;
  
  Messages: grpc.handleClientStreamingCall<_ashlar_v1_RaftBatch__Output, _ashlar_v1_Empty>;
  
}

export interface RaftDefinition extends grpc.ServiceDefinition {
  InstallSnapshot: MethodDefinition<_ashlar_v1_SnapshotPart, _ashlar_v1_Empty, _ashlar_v1_SnapshotPart__Output, _ashlar_v1_Empty__Output>
  Join: MethodDefinition<_ashlar_v1_JoinRequest, _ashlar_v1_JoinReply, _ashlar_v1_JoinRequest__Output, _ashlar_v1_JoinReply__Output>
  Messages: MethodDefinition<_ashlar_v1_RaftBatch, _ashlar_v1_Empty, _ashlar_v1_RaftBatch__Output, _ashlar_v1_Empty__Output>
}
