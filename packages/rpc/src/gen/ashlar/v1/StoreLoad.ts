// Original file: proto/common.proto


export interface StoreLoad {
  'storeUuid'?: (string);
  'operationsPerSecond'?: (number | string);
  'bytesPerSecond'?: (number | string);
  'busyShare'?: (number | string);
  'meanMs'?: (number | string);
}

export interface StoreLoad__Output {
  'storeUuid': (string);
  'operationsPerSecond': (number);
  'bytesPerSecond': (number);
  'busyShare': (number);
  'meanMs': (number);
}
