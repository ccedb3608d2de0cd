// What the chunks a node leads have under way to each store, so that many chunks at once never send
// a store more than it has room for (P18). What a store told is old by what it was sent since, and
// others send to it too: nobody takes more than a part of what is free, and of the reserve, which
// followers may use, before the next word of that store.
import type { StoreUuid } from "@ashlar/core";

/** Into how many parts the room of a store is cut: nodes that lead chunks on it at the same time. */
const PARTS = 4;

export type SpaceVerdict = "room" | "busy" | "noSpace";

interface Claimed {
  /** As last told by any chunk's member on that store. */
  freeBytes: number | undefined;
  bytes: number;
}

export class SpaceClaims {
  private readonly reserveBytes: number;
  private readonly stores = new Map<StoreUuid, Claimed>();

  /** @param reserveBytes of a store as this node's are: the others are of its kind. */
  constructor(reserveBytes: number) {
    this.reserveBytes = reserveBytes;
  }

  told(store: StoreUuid, freeBytes: number): void {
    this.of(store).freeBytes = freeBytes;
  }

  add(store: StoreUuid, bytes: number): void {
    this.of(store).bytes += bytes;
  }

  /** Of another node's store. One operation at a time always passes while there is room. */
  admits(store: StoreUuid, needed: number): SpaceVerdict {
    const { freeBytes, bytes } = this.of(store);
    if (freeBytes !== undefined && freeBytes < needed) return "noSpace";
    const limit = ((freeBytes ?? 0) + this.reserveBytes) / PARTS;
    return bytes === 0 || bytes + needed <= limit ? "room" : "busy";
  }

  /** Of the own store, which says at once what is free; its reserve is for followers. */
  admitsOwn(store: StoreUuid, needed: number, freeBytes: number): SpaceVerdict {
    const { bytes } = this.of(store);
    if (freeBytes < needed) return "noSpace";
    return bytes === 0 || bytes + needed <= (freeBytes + bytes) / PARTS ? "room" : "busy";
  }

  private of(store: StoreUuid): Claimed {
    let claimed = this.stores.get(store);
    if (!claimed) {
      claimed = { freeBytes: undefined, bytes: 0 };
      this.stores.set(store, claimed);
    }
    return claimed;
  }
}

/** One chunk's claims on one store, given back as its entries get there. */
export class ClaimQueue {
  private readonly claims: SpaceClaims;
  private readonly store: StoreUuid;
  private open: { readonly seq: number; readonly bytes: number }[] = [];

  constructor(claims: SpaceClaims, store: StoreUuid) {
    this.claims = claims;
    this.store = store;
  }

  add(seq: number, bytes: number): void {
    this.open.push({ seq, bytes });
    this.claims.add(this.store, bytes);
  }

  /** Entries up to `seq` are there. */
  settle(seq: number): void {
    let count = 0;
    for (const claim of this.open) {
      if (claim.seq > seq) break;
      this.claims.add(this.store, -claim.bytes);
      count += 1;
    }
    this.open.splice(0, count);
  }

  clear(): void {
    this.settle(Number.POSITIVE_INFINITY);
  }
}
