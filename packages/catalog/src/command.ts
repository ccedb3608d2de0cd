// What can be proposed to the catalog. A command holds everything that applying it needs: time and
// random ids come from the proposer, so that every member computes the same. Encoded by encode.ts.
import type {
  ChunkId,
  ClusterId,
  ErrorCode,
  FamilyId,
  NodeId,
  StoreUuid,
  VolumeId,
  VolumeName,
} from "@ashlar/core";
import type { DiskRecord, GatewayRecord } from "./records.ts";

/** Chunks in one command of creation: bounds the size of an entry's changes and the time of apply. */
export const CHUNKS_PER_COMMAND_MAX = 4096;

export interface IsrCandidate {
  readonly chunk: ChunkId;
  readonly epoch: number;
  readonly version: number;
  readonly store: StoreUuid;
}

/** Fields and result of each command by its kind. */
interface CommandTable {
  createCluster: {
    fields: {
      readonly clusterId: ClusterId;
      readonly chunkSize: number;
      readonly createdAt: string;
    };
    result: null;
  };
  /** A storage node registers: it is up from now on, under a new incarnation. */
  nodeUp: {
    fields: {
      readonly node: NodeId;
      readonly bootId: string;
      readonly address: string;
      /** The stores it has opened and locked. */
      readonly disks: readonly DiskRecord[];
    };
    result: { readonly incarnation: number };
  };
  nodeDown: {
    fields: { readonly node: NodeId; readonly incarnation: number };
    /** False when that incarnation is not the registered one, or down already. */
    result: { readonly effective: boolean };
  };
  storeDown: {
    fields: { readonly store: StoreUuid };
    result: null;
  };
  gatewayUp: {
    fields: {
      readonly gateway: NodeId;
      readonly bootId: string;
      readonly portals: GatewayRecord["portals"];
    };
    result: { readonly incarnation: number };
  };
  gatewayDown: {
    fields: { readonly gateway: NodeId; readonly incarnation: number };
    result: { readonly effective: boolean };
  };
  /** Checks a new volume and gives it a family; then its chunks come by extendVolume. */
  beginVolume: {
    fields: {
      readonly volume: VolumeId;
      readonly name: VolumeName;
      readonly sizeBytes: number;
      readonly blockSize: number;
      /** 0: two where two nodes are up, else one. */
      readonly replicas: number;
      readonly createdAt: string;
    };
    result: { readonly family: FamilyId; readonly chunks: number };
  };
  /** Places the next chunks of a volume in creation, at most CHUNKS_PER_COMMAND_MAX. */
  extendVolume: {
    fields: { readonly family: FamilyId; readonly chunks: number };
    result: { readonly placed: number };
  };
  /** Shows the volume. */
  finishVolume: {
    fields: { readonly family: FamilyId };
    result: { readonly volume: VolumeId };
  };
  /** Takes a volume in creation back. */
  abortVolume: {
    fields: { readonly family: FamilyId };
    result: null;
  };
  deleteVolume: {
    fields: { readonly volume: VolumeId };
    result: null;
  };
  /** Learners join the ISR where epoch and version still are as given. */
  addToIsr: {
    fields: { readonly items: readonly IsrCandidate[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly conflicts: readonly ChunkId[] };
  };
}

export type CommandKind = keyof CommandTable;
export type FieldsOf<K extends CommandKind> = CommandTable[K]["fields"];
export type CommandOf<K extends CommandKind> = { readonly kind: K } & FieldsOf<K>;
export type Command = { [K in CommandKind]: CommandOf<K> }[CommandKind];

export interface Refusal {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly message: string;
  /** What the caller can do about it. */
  readonly hint?: string;
}
export type Result<K extends CommandKind> =
  | { readonly kind: "done"; readonly value: CommandTable[K]["result"] }
  | Refusal;

export const done = <T>(value: T): { readonly kind: "done"; readonly value: T } => ({
  kind: "done",
  value,
});

export const refused = (code: ErrorCode, message: string, hint?: string): Refusal => ({
  kind: "refused",
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
});
