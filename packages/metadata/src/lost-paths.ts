// Which network paths are lost while others are left, as processes tell with their pings: nothing is decided by it,
// it is there for people to see, who mend networks before the last path is gone.
import type { NodeId } from "@ashlar/core";
import type { LostPath, LostPathStatus } from "@ashlar/rpc";

export interface Named {
  readonly id: string;
  readonly address: string;
}

export class LostPaths {
  private readonly told = new Map<
    NodeId,
    { readonly incarnation: number; readonly paths: readonly LostPath[] }
  >();

  /** All of them, as a process tells them each time. */
  heard(process: NodeId, incarnation: number, paths: readonly LostPath[]): void {
    if (paths.length > 0) this.told.set(process, { incarnation, paths });
    else this.told.delete(process);
  }

  /** Of those that `isUp`, by the names of peers; one that nobody knows by now is not told. */
  list(
    peers: readonly Named[],
    isUp: (process: NodeId, incarnation: number) => boolean,
  ): readonly LostPathStatus[] {
    const nameOf = new Map(peers.map(({ id, address }) => [address, id]));
    return [...this.told]
      .filter(([process, { incarnation }]) => isUp(process, incarnation))
      .flatMap(([process, { paths }]) =>
        paths.flatMap(({ address, path }) => {
          const peer = nameOf.get(address);
          return peer === undefined ? [] : [{ process, peer, path }];
        }),
      )
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

const keyOf = ({ process, peer, path }: LostPathStatus): string => `${process} ${peer} ${path}`;
