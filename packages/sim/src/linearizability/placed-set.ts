// Which operations have a place already, with a key that stays short in a long history: nearly all are a
// prefix, and only what lies beyond it is named. Operations without an answer, which may never get a place,
// are kept apart, so that one of them does not end the prefix for good.
export class PlacedSet {
  answered = 0;
  private readonly isAnswered: readonly boolean[];
  /** Of each operation: how many like it, answered or not, come before it. */
  private readonly ranks: readonly number[];
  private readonly answeredTotal: number;
  /** Answered operations of a lower rank than this are all in the set. */
  private prefix = 0;
  private readonly beyond = new Set<number>();
  private readonly unanswered = new Set<number>();

  /** Tells of each operation, in the order of calls, whether it was answered. */
  constructor(isAnswered: readonly boolean[]) {
    this.isAnswered = isAnswered;
    const counts = { answered: 0, unanswered: 0 };
    this.ranks = isAnswered.map((answered) => {
      const kind = answered ? "answered" : "unanswered";
      counts[kind] += 1;
      return counts[kind] - 1;
    });
    this.answeredTotal = counts.answered;
  }

  get holdsAllAnswered(): boolean {
    return this.answered === this.answeredTotal;
  }

  /** Equal for equal sets, and for no others. */
  get key(): string {
    return `${this.prefix}+${sorted(this.beyond)}?${sorted(this.unanswered)}`;
  }

  /** Only of operations without an answer. */
  has(operation: number): boolean {
    return this.unanswered.has(this.ranks[operation] ?? 0);
  }

  /** An operation that is not in the set. */
  add(operation: number): void {
    const rank = this.ranks[operation] ?? 0;
    if (this.isAnswered[operation] !== true) {
      this.unanswered.add(rank);
      return;
    }
    this.answered += 1;
    this.beyond.add(rank);
    while (this.beyond.delete(this.prefix)) this.prefix += 1;
  }

  /** An operation that is in the set. */
  delete(operation: number): void {
    const rank = this.ranks[operation] ?? 0;
    if (this.isAnswered[operation] !== true) {
      this.unanswered.delete(rank);
      return;
    }
    this.answered -= 1;
    this.beyond.delete(rank);
    while (this.prefix > rank) {
      this.prefix -= 1;
      if (this.prefix > rank) this.beyond.add(this.prefix);
    }
  }
}

const sorted = (ranks: ReadonlySet<number>): string => [...ranks].sort((a, b) => a - b).join();
