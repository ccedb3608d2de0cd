// Which stream of each gateway is the one in force at this node. A gateway opens a new stream when the
// old one broke, or when it was started anew; what came on the older ones and has no LSN yet is dropped
// before anything of the new one is taken, and nothing more is taken from them. So an operation that is
// sent again, or called back, never meets an older copy of itself that comes late (P9, P10).
import { type NodeId, SystemError } from "@ashlar/core";
import type { Carrier } from "./carrier.ts";

/** One end of a stream; `end` drops what it brought that has no LSN, in that very call. */
export interface OperationStream {
  readonly carrier: Carrier;
  end(reason: Error): void;
}

interface Newest {
  readonly incarnation: number;
  readonly serial: number;
  readonly stream: OperationStream;
}

/** Gateways remembered; one that was forgotten is only checked by its tokens. */
const GATEWAYS_MAX = 4096;

export class OperationStreams {
  private readonly newest = new Map<NodeId, Newest>();

  /** Whether the stream is in force from now on; older ones of its gateway have ended then. */
  enter(stream: OperationStream, serial: number): boolean {
    const { node, incarnation } = stream.carrier.peer;
    const known = this.newest.get(node);
    if (known && !isNewer({ incarnation, serial }, known)) return false;
    known?.stream.end(new SystemError("rpc/disconnected", `${node} has opened a newer stream`));
    this.newest.delete(node);
    this.newest.set(node, { incarnation, serial, stream });
    if (this.newest.size > GATEWAYS_MAX) this.forgetOldest();
    return true;
  }

  private forgetOldest(): void {
    const [first] = this.newest;
    if (!first) return;
    const [node, { stream }] = first;
    stream.end(new SystemError("rpc/disconnected", "too many gateways are connected"));
    this.newest.delete(node);
  }
}

const isNewer = (
  a: Pick<Newest, "incarnation" | "serial">,
  b: Pick<Newest, "incarnation" | "serial">,
): boolean =>
  a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.serial > b.serial);
