// Original file: proto/chunk.proto


export interface RawFrames {
}

export interface RawFrames__Output {
}
