// Original file: proto/raft.proto


export interface JoinReply {
  'voter'?: (boolean);
}

export interface JoinReply__Output {
  'voter': (boolean);
}
