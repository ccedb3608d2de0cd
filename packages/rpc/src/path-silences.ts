// What a process knows of the paths to each of its peers: a peer has an address in each of its networks, and
// one that was silent is tried last for a while. Pure: time is an argument. Only how soon another path
// is tried depends on it, and whom this process says it does not hear.

/** A peer by its address, and one of the paths to it: a part of that address, or a host that the peer has told. */
export interface Path {
  readonly address: string;
  readonly path: string;
}

export class PathSilences {
  private readonly keptMs: number;
  /** Of each address the paths that were silent, and until when that holds. */
  private readonly silences = new Map<string, Map<string, number>>();

  constructor({ keptMs }: { readonly keptMs: number }) {
    this.keptMs = keptMs;
  }

  /** These paths to `address` in the order in which they are tried: as they are given, then those that were silent. */
  inOrder(address: string, paths: readonly string[], nowMs: number): readonly string[] {
    const untilMs = (path: string): number => {
      const until = this.silences.get(address)?.get(path) ?? 0;
      return until > nowMs ? until : 0;
    };
    return [...paths].sort((one, other) => untilMs(one) - untilMs(other));
  }

  silent({ address, path }: Path, nowMs: number): void {
    const paths = this.silences.get(address) ?? new Map<string, number>();
    this.silences.set(address, paths.set(path, nowMs + this.keptMs));
  }

  heard({ address, path }: Path): void {
    const paths = this.silences.get(address);
    if (paths?.delete(path) && paths.size === 0) this.silences.delete(address);
  }

  /** Addresses of which every path is silent. */
  lost(pathsOf: (address: string) => readonly string[], nowMs: number): readonly string[] {
    for (const [address, paths] of this.silences) {
      for (const [path, untilMs] of paths) if (untilMs <= nowMs) paths.delete(path);
      if (paths.size === 0) this.silences.delete(address);
    }
    return [...this.silences]
      .filter(([address, paths]) => pathsOf(address).every((path) => paths.has(path)))
      .map(([address]) => address);
  }
}
