// Which member of the metadata group is believed to lead, and at which addresses members are. One belief
// serves all connections of a process: whoever finds that the leader is gone moves the others too, and
// the next call goes where the last one was answered.
import { SystemError } from "@ashlar/core";

/** What a caller learned from a member that did not serve it. */
export interface Refusal {
  /** Whom that member takes for the leader, if it said so. */
  readonly hint?: string | undefined;
  /** Whom the caller has asked already: they come last. */
  readonly tried: ReadonlySet<string>;
}

export class LeaderBelief {
  private readonly configured: readonly string[];
  private learned: readonly string[] = [];
  private believed: string;
  private readonly listeners = new Set<() => void>();

  /** `configured`: host:port of members, at least one. */
  constructor(configured: readonly string[]) {
    const [first] = configured;
    if (first === undefined) {
      throw new SystemError("argument/invalid", "no address of a metadata member is given");
    }
    this.configured = configured;
    this.believed = first;
  }

  /** Address of the member that is believed to lead. */
  get leader(): string {
    return this.believed;
  }

  /** Where members are, in the order in which they are asked: those configured are a last resort. */
  get addresses(): readonly string[] {
    return [...new Set([...this.learned, ...this.configured])];
  }

  /** The members of the group as far as they are known. */
  get members(): readonly string[] {
    return this.learned.length > 0 ? this.learned : this.configured;
  }

  /** Takes the addresses of all members as the group itself tells them, in place of earlier ones. */
  learn(addresses: readonly string[]): void {
    this.learned = addresses;
  }

  /** The member at `address` did not serve: someone else's turn, unless others have moved on already. */
  leave(address: string, { hint, tried }: Refusal): void {
    if (address !== this.believed) return;
    const others = this.othersAfter(address);
    const usable = hint !== undefined && !tried.has(hint) ? hint : undefined;
    const next = usable ?? others.find((other) => !tried.has(other)) ?? others[0];
    if (next === undefined || next === address) return;
    this.believed = next;
    for (const listen of [...this.listeners]) listen();
  }

  /** Calls when another member is believed to lead; gives how to stop listening. */
  onMoved(listen: () => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  private othersAfter(address: string): readonly string[] {
    const { addresses } = this;
    const place = addresses.indexOf(address);
    return [...addresses.slice(place + 1), ...addresses.slice(0, Math.max(place, 0))];
  }
}
