// What a process knows of the ways to its peers. Calls go to a peer's address; its carriers go to the same hosts, or to
// others, if it has told so: those of a network for data, say. Pure: time is an argument.
import { pathsOf, splitAddress } from "@ashlar/runtime";
import { type Path, PathSilences } from "./path-silences.ts";

/** A way for a carrier. Its `path` is what is logged and told: the address that was asked, or the host that was told. */
export interface Way extends Path {
  /** Where a carrier is asked for: of several addresses the first that takes the call. */
  readonly callAt: string;
  /** Where its socket goes. */
  readonly host: string;
}

export class CarrierWays {
  private readonly silences: PathSilences;
  /** By address: the hosts for carriers, of peers that have told some. */
  private readonly told = new Map<string, readonly string[]>();

  /** @param keptMs how long a way that was silent is tried last. */
  constructor({ keptMs }: { readonly keptMs: number }) {
    this.silences = new PathSilences({ keptMs });
  }

  /** The preferred one first. */
  of(address: string): readonly Way[] {
    const hosts = this.told.get(address);
    if (hosts) return hosts.map((host) => ({ address, path: host, callAt: address, host }));
    return pathsOf(address).map((path) => {
      return { address, path, callAt: path, host: splitAddress(path).host };
    });
  }

  /** In the order in which they are tried: those that were silent are last. */
  inOrder(address: string, nowMs: number): readonly Way[] {
    const ways = new Map(this.of(address).map((way) => [way.path, way]));
    const paths = this.silences.inOrder(address, [...ways.keys()], nowMs);
    return paths.flatMap((path) => ways.get(path) ?? []);
  }

  /**
   * Takes in the hosts that a peer told when it was asked over `way`; none: it takes carriers where it takes calls.
   * Returns the way to go on: that one, unless the peer has others by now.
   */
  learn(way: Way, hosts: readonly string[], nowMs: number): Way {
    const { address } = way;
    if (hosts.length > 0) this.told.set(address, [...hosts]);
    else this.told.delete(address);
    const now = this.inOrder(address, nowMs);
    return now.find(({ path }) => path === way.path) ?? now[0] ?? way;
  }

  silent(way: Path, nowMs: number): void {
    this.silences.silent(way, nowMs);
  }

  heard(way: Path): void {
    this.silences.heard(way);
  }

  /** Addresses to which every way was silent lately. */
  lost(nowMs: number): readonly string[] {
    return this.silences.lost((address) => this.of(address).map(({ path }) => path), nowMs);
  }
}
