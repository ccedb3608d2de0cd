// Original file: proto/catalog.proto


export interface HostDeleted {
  'host'?: (string);
}

export interface HostDeleted__Output {
  'host': (string);
}
