// Original file: proto/catalog.proto


export interface ClusterRecord {
  'clusterId'?: (string);
  'chunkSize'?: (number);
  'createdAt'?: (string);
  'familiesGiven'?: (number);
}

export interface ClusterRecord__Output {
  'clusterId': (string);
  'chunkSize': (number);
  'createdAt': (string);
  'familiesGiven': (number);
}
