// Original file: proto/heartbeat.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { ExitReport as _ashlar_v1_ExitReport, ExitReport__Output as _ashlar_v1_ExitReport__Output } from '../../ashlar/v1/ExitReport.ts';
import type { PingMessage as _ashlar_v1_PingMessage, PingMessage__Output as _ashlar_v1_PingMessage__Output } from '../../ashlar/v1/PingMessage.ts';
import type { PingReply as _ashlar_v1_PingReply, PingReply__Output as _ashlar_v1_PingReply__Output } from '../../ashlar/v1/PingReply.ts';

export interface HeartbeatClient extends grpc.Client {
  Ping(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_PingMessage, _ashlar_v1_PingReply__Output>;
  Ping(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_PingMessage, _ashlar_v1_PingReply__Output>;
  ping(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_PingMessage, _ashlar_v1_PingReply__Output>;
  ping(options?: grpc.CallOptions): grpc.ClientDuplexStream<_ashlar_v1_PingMessage, _ashlar_v1_PingReply__Output>;
  
  ReportExit(argument: _ashlar_v1_ExitReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  ReportExit(argument: _ashlar_v1_ExitReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  ReportExit(argument: _ashlar_v1_ExitReport, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  ReportExit(argument: _ashlar_v1_ExitReport, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  reportExit(argument: _ashlar_v1_ExitReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  reportExit(argument: _ashlar_v1_ExitReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  reportExit(argument: _ashlar_v1_ExitReport, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  reportExit(argument: _ashlar_v1_ExitReport, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
}

export interface HeartbeatHandlers extends grpc.UntypedServiceImplementation {
  Ping: grpc.handleBidiStreamingCall<_ashlar_v1_PingMessage__Output, _ashlar_v1_PingReply>;
  
  ReportExit: grpc.handleUnaryCall<_ashlar_v1_ExitReport__Output, _ashlar_v1_Empty>;
  
}

export interface HeartbeatDefinition extends grpc.ServiceDefinition {
  Ping: MethodDefinition<_ashlar_v1_PingMessage, _ashlar_v1_PingReply, _ashlar_v1_PingMessage__Output, _ashlar_v1_PingReply__Output>
  ReportExit: MethodDefinition<_ashlar_v1_ExitReport, _ashlar_v1_Empty, _ashlar_v1_ExitReport__Output, _ashlar_v1_Empty__Output>
}
