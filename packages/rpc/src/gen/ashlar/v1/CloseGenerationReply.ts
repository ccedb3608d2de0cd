// Original file: proto/storage.proto


export interface CloseGenerationReply {
}

export interface CloseGenerationReply__Output {
}
