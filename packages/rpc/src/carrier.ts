// A carrier moves frames between two processes, in order, in both directions, until it breaks. It has
// two implementations of the same frames: a gRPC bidirectional stream and a plain socket that was
// offered and authorised over gRPC (several times cheaper, hence the default). Nothing above this
// port can tell which one it has.
//
// A broken carrier never comes back: its owner opens another, and the protocols above begin anew.
import type { NodeId } from "@ashlar/core";

/** Version of the frames below; a peer that speaks another is refused when the carrier opens. */
export const FRAME_VERSION = 1;

export type CarrierKind = "socket" | "grpc";
/** What a carrier is for; each purpose has its own frame types. */
export type CarrierPurpose = "operations" | "replication";

/**
 * A frame: a fixed head of FRAME_HEAD_SIZE bytes {length u32 of the whole frame, version u8, type u8,
 * flags u16, id u64 = correlation}, then a body whose layout the type names. Little-endian.
 */
export interface Frame {
  /** 1 .. 255, as the purpose defines; 0 is the carrier's own. */
  readonly type: number;
  /** Pairs a reply with its request on this carrier; 0 when there is none; below 2^53. */
  readonly id: number;
  /** The body, binary head first and payload last; several buffers so that payload is not copied. */
  readonly body: readonly Buffer[];
}

export const FRAME_HEAD_SIZE = 16;
/** Largest frame: an operation of 2 x 1 MiB (compare-and-write) and its heads. */
export const FRAME_LENGTH_MAX = 2 * 1024 * 1024 + 64 * 1024;

/**
 * A frame as it arrived: one contiguous body, valid for ever (never reused by the carrier). A short
 * body is a view of what came in one read, so whoever keeps it for long keeps up to 64 KiB.
 */
export interface ReceivedFrame {
  readonly type: number;
  readonly id: number;
  readonly body: Buffer;
}

export interface CarrierPeer {
  readonly node: NodeId;
  readonly incarnation: number;
}

export interface Carrier {
  readonly kind: CarrierKind;
  readonly purpose: CarrierPurpose;
  /** Of the purpose's messages, as both ends agreed when it opened. */
  readonly version: number;
  /** Who is at the other end, as authorised when it opened. */
  readonly peer: CarrierPeer;
  /**
   * Queues a frame; all that is queued within one turn of the loop leaves in one write. The body's
   * memory must never change afterwards. On a closed carrier it does nothing.
   */
  send(frame: Frame): void;
  /** Bytes queued here that the network has not taken; senders bound their own work by it. */
  readonly bufferedBytes: number;
  /** Set once, before the first frame can arrive (in the turn the carrier was handed over). */
  onFrame(receive: (frame: ReceivedFrame) => void): void;
  /** Called once when the carrier broke or was closed, with the reason. */
  onClose(closed: (reason: Error) => void): void;
  /** Ends it at once: what is still queued is dropped. */
  close(reason?: Error): void;
}

/** Opens carriers to storage nodes. */
export interface CarrierDialer {
  /**
   * @param address host:port of the node's gRPC server
   * @throws SystemError rpc/unavailable, rpc/version, cluster/wrong-cluster.
   */
  dial(
    address: string,
    purpose: CarrierPurpose,
    options: { readonly signal: AbortSignal },
  ): Promise<Carrier>;
}

/** Server side: called for each carrier that a peer opened. */
export type CarrierAcceptor = (carrier: Carrier) => void;
