// Who may change which range: writes go side by side, and one that copies a range has it to itself. Those that come
// while it waits or works wait behind it, so that it is never put off for ever.

/** First byte, and the one after the last. */
type Bytes = readonly [from: number, to: number];

const overlaps = ([from, to]: Bytes, [otherFrom, otherTo]: Bytes): boolean =>
  from < otherTo && otherFrom < to;

interface Holder {
  readonly range: Bytes;
  readonly done: Promise<void>;
}

export class RangeTurns {
  private readonly sharing = new Set<Holder>();
  private owner: Holder | undefined;

  /** Beside all others that came this way. */
  async together(range: Bytes, run: () => Promise<void>): Promise<void> {
    while (this.owner && overlaps(this.owner.range, range)) await this.owner.done;
    await this.hold(range, run, (holder) => {
      this.sharing.add(holder);
      return () => this.sharing.delete(holder);
    });
  }

  /** Beside nothing in this range; one at a time. */
  async alone(range: Bytes, run: () => Promise<void>): Promise<void> {
    while (this.owner) await this.owner.done;
    const before = [...this.sharing].filter((holder) => overlaps(holder.range, range));
    const work = async (): Promise<void> => {
      for (const { done } of before) await done;
      await run();
    };
    await this.hold(range, work, (holder) => {
      this.owner = holder;
      return () => {
        this.owner = undefined;
      };
    });
  }

  private async hold(
    range: Bytes,
    run: () => Promise<void>,
    enter: (holder: Holder) => () => void,
  ): Promise<void> {
    let end = (): void => {};
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    const leave = enter({ range, done });
    try {
      await run();
    } finally {
      leave();
      end();
    }
  }
}
