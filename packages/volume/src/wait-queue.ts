// Work waiting for a node's limits, fair between volumes: each volume has its own line, and the lines
// take turns, so that one busy volume does not starve the others.

export class WaitQueue<T> {
  private readonly lines = new Map<string, T[]>();
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(line: string, item: T): void {
    const items = this.lines.get(line);
    if (items) items.push(item);
    else this.lines.set(line, [item]);
    this.count += 1;
  }

  /** The item whose turn is next, left where it is. */
  peek(): T | undefined {
    const first = this.lines.values().next();
    return first.done ? undefined : first.value[0];
  }

  /** Takes the item whose turn is next; its line goes to the end. */
  shift(): T | undefined {
    const first = this.lines.entries().next();
    if (first.done) return undefined;
    const [line, items] = first.value;
    const item = items.shift();
    this.lines.delete(line);
    if (items.length > 0) this.lines.set(line, items);
    this.count -= 1;
    return item;
  }

  /** Takes everything, line by line. */
  drain(): T[] {
    const all = [...this.lines.values()].flat();
    this.lines.clear();
    this.count = 0;
    return all;
  }
}
