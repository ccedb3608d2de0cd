// Original file: proto/storage.proto


export interface ScrubDiskRequest {
  'version'?: (number);
  'disk'?: (string);
}

export interface ScrubDiskRequest__Output {
  'version': (number);
  'disk': (string);
}
