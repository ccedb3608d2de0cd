// What can be proposed to the catalog. A command holds everything that applying it needs: time and
// random ids come from the proposer, so that every member computes the same. Encoded by encode.ts.
import type {
  ChunkId,
  ClusterId,
  ErrorCode,
  FamilyId,
  HostName,
  InitiatorName,
  NodeId,
  StoreUuid,
  VolumeId,
  VolumeName,
} from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import type {
  AdviceMode,
  CopySpeed,
  DiskRecord,
  GatewayRecord,
  HostChap,
  NodeService,
  Rebalancing,
  SlowMark,
  VolumeAccess,
  VolumeChange,
} from "./records.ts";
import type { ReservationOutcome } from "./reservation-codecs.ts";

/** Chunks in one command that makes or moves many: bounds the size of an entry's changes and the time of apply. */
export const CHUNKS_PER_COMMAND_MAX = 4096;

export interface IsrCandidate {
  readonly chunk: ChunkId;
  readonly epoch: number;
  readonly version: number;
  readonly store: StoreUuid;
}

/** A new copy of a chunk, in place of one that is lost. */
export interface Replacement {
  readonly chunk: ChunkId;
  readonly version: number;
  /** A member that is neither in sync nor learning. */
  readonly lost: StoreUuid;
  /** Where the new one learns: a store that is up, on a node without another copy. */
  readonly node: NodeId;
  readonly store: StoreUuid;
}

/** One more copy of a chunk. */
export interface Addition {
  readonly chunk: ChunkId;
  readonly version: number;
  /** Where it learns: a store for new copies, on a node and in a zone without another copy. */
  readonly node: NodeId;
  readonly store: StoreUuid;
  /** A copy moves: this member in sync goes when enough others are. Undefined: the volume wants one more. */
  readonly instead: StoreUuid | undefined;
}

/** A copy of a chunk that is one too many. */
export interface Surplus {
  readonly chunk: ChunkId;
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
      /**
       * The highest family and incarnation that its stores ever saw, 0 for none: a catalog that was
       * restored from an older copy gives neither them nor lower ones again. If the incarnation was not
       * given here, the gateways that are up are down.
       */
      readonly familySeen: number;
      readonly incarnationSeen: number;
      /** What fails together with it; empty: nothing else. */
      readonly zone: string;
    };
    result: { readonly incarnation: number };
  };
  /**
   * A node fell silent or ended: where another member in sync is on a node that lives, its members leave. Said
   * again when another node lives again.
   */
  nodeDown: {
    fields: {
      readonly node: NodeId;
      readonly incarnation: number;
      /** Nodes that are up and may be silent too: they do not count as living. */
      readonly unheard: readonly NodeId[];
    };
    /** False when that incarnation is not the registered one, or down already. */
    result: { readonly effective: boolean };
  };
  storeDown: {
    fields: { readonly store: StoreUuid };
    result: null;
  };
  /** As storeDown, but refused while a chunk has its only copy in sync there: people ask for it. */
  retireStore: {
    fields: { readonly store: StoreUuid };
    result: null;
  };
  /** From now on, whatever its process does. Whether its copies have a place elsewhere is asked before. */
  setNodeService: {
    fields: { readonly node: NodeId; readonly service: NodeService };
    result: null;
  };
  /**
   * A node that is down goes for good, and its stores with it. Refused while it has the only copy in sync of a
   * chunk, and, unless it is `lost`, while chunks name it.
   */
  removeNode: {
    fields: { readonly node: NodeId; readonly lost: boolean };
    result: null;
  };
  /** The copies of a store that is up move elsewhere, or do not any more. */
  leaveStore: {
    fields: { readonly store: StoreUuid; readonly leaving: boolean };
    result: null;
  };
  /** A store is slow from now on, or no more. Refused where too many nodes would have one, and while slow ones are kept. */
  setSlow: {
    fields: { readonly store: StoreUuid; readonly slow: SlowMark | undefined };
    result: null;
  };
  /** Whether slow disks are left where they are: marks go. */
  keepSlowDisks: {
    fields: { readonly keeps: boolean };
    result: null;
  };
  setRebalancing: {
    fields: { readonly rebalancing: Rebalancing };
    result: null;
  };
  /** Refused beyond LATENCY_TARGET_MS and COPY_FLOOR. */
  setCopySpeed: {
    fields: CopySpeed;
    result: null;
  };
  /** Whether what is recommended is also done by itself. */
  setAdvice: {
    fields: { readonly advice: AdviceMode };
    result: null;
  };
  gatewayUp: {
    fields: {
      readonly gateway: NodeId;
      readonly bootId: string;
      readonly portals: GatewayRecord["portals"];
      /** The highest that it has seen, 0 for none: as of nodes. */
      readonly incarnationSeen: number;
    };
    result: { readonly incarnation: number };
  };
  gatewayDown: {
    fields: { readonly gateway: NodeId; readonly incarnation: number };
    result: { readonly effective: boolean };
  };
  /**
   * From now on, over all restarts of its process, a gateway takes no new sessions, or does again. Unless
   * `force` is given, another gateway must be left that is up and takes them.
   */
  drainGateway: {
    fields: { readonly gateway: NodeId; readonly draining: boolean; readonly force: boolean };
    result: null;
  };
  /**
   * Checks a new volume and gives it a family; then its chunks come by extendVolume. Begun again with
   * the same fields, a volume keeps its family, and the two commands that follow know what is done.
   */
  beginVolume: {
    fields: {
      readonly volume: VolumeId;
      readonly name: VolumeName;
      readonly sizeBytes: number;
      readonly blockSize: number;
      /** 0: two where two nodes are up, else one. */
      readonly replicas: number;
      readonly createdAt: string;
      /** Of those who may use it when it is shown. */
      readonly access: VolumeAccess;
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
  /** Takes a volume away whatever is under way, and without waiting for anybody: see prepareChange. */
  deleteVolume: {
    fields: { readonly volume: VolumeId };
    result: null;
  };
  /**
   * The next generation begins at once, in one phase: for what changes nothing but that older
   * operations are refused. `reset`: the tasks of the logical unit end as well, in all gateways.
   */
  advanceGeneration: {
    fields: { readonly volume: VolumeId; readonly reset: boolean };
    /** The one in force from now on. */
    result: { readonly generation: number };
  };
  /** Closes the generation in force, on the way to the next one; one change at a time. */
  prepareChange: {
    fields: { readonly volume: VolumeId; readonly change: VolumeChange };
    /** The volume, for who asks again when its name is gone, and the generation that is prepared. */
    result: { readonly volume: VolumeId; readonly generation: number };
  };
  /**
   * As prepareChange, unless the request changes nothing, is refused by what is reserved, or takes no right away
   * from anybody: then it is in force at once, under the next generation.
   */
  prepareReservation: {
    fields: { readonly volume: VolumeId; readonly action: ReservationAction };
    /** `generation` is what is prepared, 0 when nothing is: then the outcome stands as it is. */
    result: {
      readonly volume: VolumeId;
      readonly generation: number;
      readonly outcome: ReservationOutcome;
      /** Nothing is to be committed: the generation before has to be closed all the same. */
      readonly inForce: boolean;
    };
  };
  /** Everybody who could admit operations of the old generation has closed it: the change is done. */
  commitChange: {
    fields: { readonly volume: VolumeId; readonly generation: number };
    result: null;
  };
  /** The change is given up; the old state goes on under a generation that nobody was told. */
  abortChange: {
    fields: { readonly volume: VolumeId; readonly generation: number };
    result: { readonly generation: number };
  };
  createHost: {
    fields: {
      readonly host: HostName;
      readonly initiators: readonly InitiatorName[];
      readonly chap: HostChap | undefined;
      readonly createdAt: string;
    };
    result: null;
  };
  /** No initiator is taken from a host that is mapped: that would have to be fenced. */
  setHost: {
    fields: {
      readonly host: HostName;
      readonly added: readonly InitiatorName[];
      readonly removed: readonly InitiatorName[];
      /** Undefined: as it was. */
      readonly chap: { readonly now: HostChap | undefined } | undefined;
    };
    result: null;
  };
  /** Refused while it is mapped. */
  deleteHost: {
    fields: { readonly host: HostName };
    result: null;
  };
  /** Learners join the ISR where epoch and version still are as given. */
  addToIsr: {
    fields: { readonly items: readonly IsrCandidate[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly conflicts: readonly ChunkId[] };
  };
  /**
   * Replicas in sync lead from now on, each where epoch and version still are as given and its node is up:
   * at most CHUNKS_PER_COMMAND_MAX.
   */
  movePrimaries: {
    fields: { readonly items: readonly IsrCandidate[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly skipped: readonly ChunkId[] };
  };
  /**
   * Lost members are replaced by others that learn from now on, each where the version still is as given: at
   * most CHUNKS_PER_COMMAND_MAX.
   */
  replaceMembers: {
    fields: { readonly items: readonly Replacement[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly skipped: readonly ChunkId[] };
  };
  /** Chunks get one more copy that learns, each where the version still is as given: at most CHUNKS_PER_COMMAND_MAX. */
  addMembers: {
    fields: { readonly items: readonly Addition[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly skipped: readonly ChunkId[] };
  };
  /**
   * Copies beyond what the volume wants go, each where the version still is as given and as many others as it
   * wants are in sync: at most CHUNKS_PER_COMMAND_MAX.
   */
  dropMembers: {
    fields: { readonly items: readonly Surplus[] };
    /** Chunks that were not as given; the others are done. */
    result: { readonly skipped: readonly ChunkId[] };
  };
  /** How many copies its chunks are to have: they are made, or go, one by one. */
  setReplicas: {
    fields: { readonly volume: VolumeId; readonly replicas: number };
    result: null;
  };
  /** Opens a session of a proposer (R10), named by the index of this entry. */
  openSession: { fields: object; result: { readonly session: number } };
  /** The first command of each leader: from here on history is named by `run`. */
  beginTerm: {
    fields: {
      /** The leader's number in the Raft group. */
      readonly member: number;
      /** Random, the leader's choice. */
      readonly run: string;
      /** As many incarnations are never given; also random, below 2^24. */
      readonly incarnationsSkipped: number;
    };
    result: null;
  };
  /** A metadata member of this name may join, or is reached at another address from now on. */
  memberExpected: {
    fields: { readonly node: NodeId; readonly address: string };
    result: null;
  };
  /** An expected member's process asked for its place in the group. */
  memberJoined: {
    fields: {
      readonly node: NodeId;
      /** Its number in the Raft group, at least 1: a folder that was wiped has another. */
      readonly member: number;
      readonly address: string;
    };
    /** The number it had before, 0 if it had none or the same. */
    result: { readonly replaced: number };
  };
  memberRemoved: { fields: { readonly node: NodeId }; result: null };
  /** A member tells the hash of its state as of an entry; those of the newest entry are kept. */
  reportHash: {
    fields: { readonly member: number; readonly index: number; readonly hash: number };
    result: null;
  };
}

export type CommandKind = keyof CommandTable;
export type FieldsOf<K extends CommandKind> = CommandTable[K]["fields"];
export type ValueOf<K extends CommandKind> = CommandTable[K]["result"];
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
  | { readonly kind: "done"; readonly value: ValueOf<K> }
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
