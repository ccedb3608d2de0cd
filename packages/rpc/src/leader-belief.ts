// Which member of the metadata group is believed to lead, and at which addresses members are. One belief
// serves all connections of a process: whoever finds that the leader is gone moves the others too, and
// the next call goes where the last one was answered.
import { present, SystemError } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";

/** A silent member holds whoever asks it: so long it is asked only when nobody else is left. */
const SILENCE_KEPT_MS = 3_000;

/** What a caller learned from a member that did not serve it. */
export interface Refusal {
  /** Whom that member takes for the leader, if it said so. */
  readonly hint?: string | undefined;
  /** Whom the caller has asked already: they come last. */
  readonly tried: ReadonlySet<string>;
  /** It did not answer in time. */
  readonly silent?: boolean;
}

export class LeaderBelief {
  private readonly clock: Clock;
  private readonly configured: readonly string[];
  private learned: readonly string[] = [];
  private believed: string;
  /** When each was last found silent. */
  private readonly silences = new Map<string, number>();
  private readonly listeners = new Set<() => void>();

  /** `configured`: host:port of members, at least one. */
  constructor({ clock }: { readonly clock: Clock }, configured: readonly string[]) {
    const [first] = configured;
    if (first === undefined) {
      throw new SystemError("argument/invalid", "no address of a metadata member is given");
    }
    this.clock = clock;
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
  leave(address: string, { hint, tried, silent = false }: Refusal): void {
    if (silent) this.silences.set(address, this.clock.nowMs());
    if (address !== this.believed) return;
    const next = hint !== undefined && !tried.has(hint) ? hint : this.nextAfter(address, tried);
    if (next === address) return;
    this.believed = next;
    for (const listen of [...this.listeners]) listen();
  }

  /** Calls when another member is believed to lead; gives how to stop listening. */
  onMoved(listen: () => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  /** Whoever was not asked yet, in turn; when all were, somebody who is not silent. */
  private nextAfter(address: string, tried: ReadonlySet<string>): string {
    const { addresses } = this;
    const place = addresses.indexOf(address);
    const turn = [...addresses.slice(place + 1), ...addresses.slice(0, place + 1)];
    const heard = turn.filter((other) => !this.isSilent(other));
    const asked = heard.length > 0 ? heard : turn;
    return asked.find((other) => !tried.has(other)) ?? present(asked[0], "an address is given");
  }

  private isSilent(address: string): boolean {
    const sinceMs = this.silences.get(address);
    return sinceMs !== undefined && this.clock.nowMs() - sinceMs < SILENCE_KEPT_MS;
  }
}
