// Original file: proto/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { OpenSessionReply as _ashlar_v1_OpenSessionReply, OpenSessionReply__Output as _ashlar_v1_OpenSessionReply__Output } from '../../ashlar/v1/OpenSessionReply.ts';

export interface SessionsClient extends grpc.Client {
  Open(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  Open(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  Open(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  Open(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  open(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  open(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  open(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  open(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_OpenSessionReply__Output>): grpc.ClientUnaryCall;
  
}

export interface SessionsHandlers extends grpc.UntypedServiceImplementation {
  Open: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_OpenSessionReply>;
  
}

export interface SessionsDefinition extends grpc.ServiceDefinition {
  Open: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_OpenSessionReply, _ashlar_v1_Empty__Output, _ashlar_v1_OpenSessionReply__Output>
}
