// Connections of a search: from each node, as a primary, to each other one. What is on its way arrives
// in order, as late as one likes, or is lost together with all that is on that connection.

export type Way = "toMember" | "toPrimary";
type Queues = Readonly<Record<Way, readonly number[]>>;

export class Links {
  private readonly states: Queues[] = [];
  private readonly numbers = new Map<string, number>();

  readonly empty: number = this.number({ toMember: [], toPrimary: [] });

  /** Number of the message that arrives next. */
  first(link: number, way: Way): number | undefined {
    return this.states[link]![way][0];
  }

  pushed(link: number, way: Way, message: number): number {
    const queues = this.states[link]!;
    return this.number({ ...queues, [way]: [...queues[way], message] });
  }

  shifted(link: number, way: Way): number {
    const queues = this.states[link]!;
    return this.number({ ...queues, [way]: queues[way].slice(1) });
  }

  private number(queues: Queues): number {
    const key = `${queues.toMember.join()}|${queues.toPrimary.join()}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.states.length);
    return this.states.push(queues) - 1;
  }
}
