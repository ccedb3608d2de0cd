// Original file: proto/recommend.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ApplyReply as _ashlar_v1_ApplyReply, ApplyReply__Output as _ashlar_v1_ApplyReply__Output } from '../../ashlar/v1/ApplyReply.ts';
import type { ApplyRequest as _ashlar_v1_ApplyRequest, ApplyRequest__Output as _ashlar_v1_ApplyRequest__Output } from '../../ashlar/v1/ApplyRequest.ts';
import type { Empty as _ashlar_v1_Empty, Empty__Output as _ashlar_v1_Empty__Output } from '../../ashlar/v1/Empty.ts';
import type { RecommendationList as _ashlar_v1_RecommendationList, RecommendationList__Output as _ashlar_v1_RecommendationList__Output } from '../../ashlar/v1/RecommendationList.ts';
import type { SetAdviceRequest as _ashlar_v1_SetAdviceRequest, SetAdviceRequest__Output as _ashlar_v1_SetAdviceRequest__Output } from '../../ashlar/v1/SetAdviceRequest.ts';

export interface RecommendClient extends grpc.Client {
  ApplyRecommendations(argument: _ashlar_v1_ApplyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  ApplyRecommendations(argument: _ashlar_v1_ApplyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  ApplyRecommendations(argument: _ashlar_v1_ApplyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  ApplyRecommendations(argument: _ashlar_v1_ApplyRequest, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  applyRecommendations(argument: _ashlar_v1_ApplyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  applyRecommendations(argument: _ashlar_v1_ApplyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  applyRecommendations(argument: _ashlar_v1_ApplyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  applyRecommendations(argument: _ashlar_v1_ApplyRequest, callback: grpc.requestCallback<_ashlar_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  
  ListRecommendations(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  ListRecommendations(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  ListRecommendations(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  ListRecommendations(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  listRecommendations(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  listRecommendations(argument: _ashlar_v1_Empty, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  listRecommendations(argument: _ashlar_v1_Empty, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  listRecommendations(argument: _ashlar_v1_Empty, callback: grpc.requestCallback<_ashlar_v1_RecommendationList__Output>): grpc.ClientUnaryCall;
  
  SetAdvice(argument: _ashlar_v1_SetAdviceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetAdvice(argument: _ashlar_v1_SetAdviceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetAdvice(argument: _ashlar_v1_SetAdviceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  SetAdvice(argument: _ashlar_v1_SetAdviceRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setAdvice(argument: _ashlar_v1_SetAdviceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setAdvice(argument: _ashlar_v1_SetAdviceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setAdvice(argument: _ashlar_v1_SetAdviceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  setAdvice(argument: _ashlar_v1_SetAdviceRequest, callback: grpc.requestCallback<_ashlar_v1_Empty__Output>): grpc.ClientUnaryCall;
  
}

export interface RecommendHandlers extends grpc.UntypedServiceImplementation {
  ApplyRecommendations: grpc.handleUnaryCall<_ashlar_v1_ApplyRequest__Output, _ashlar_v1_ApplyReply>;
  
  ListRecommendations: grpc.handleUnaryCall<_ashlar_v1_Empty__Output, _ashlar_v1_RecommendationList>;
  
  SetAdvice: grpc.handleUnaryCall<_ashlar_v1_SetAdviceRequest__Output, _ashlar_v1_Empty>;
  
}

export interface RecommendDefinition extends grpc.ServiceDefinition {
  ApplyRecommendations: MethodDefinition<_ashlar_v1_ApplyRequest, _ashlar_v1_ApplyReply, _ashlar_v1_ApplyRequest__Output, _ashlar_v1_ApplyReply__Output>
  ListRecommendations: MethodDefinition<_ashlar_v1_Empty, _ashlar_v1_RecommendationList, _ashlar_v1_Empty__Output, _ashlar_v1_RecommendationList__Output>
  SetAdvice: MethodDefinition<_ashlar_v1_SetAdviceRequest, _ashlar_v1_Empty, _ashlar_v1_SetAdviceRequest__Output, _ashlar_v1_Empty__Output>
}
