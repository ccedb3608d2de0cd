// The network between members: messages take their time, overtake each other, are lost or come twice, and
// links are cut, each direction by itself. A transport says what became of a snapshot, and now and then
// that it could not deliver.
import type { Message } from "../../messages.ts";
import type { MemberId } from "../../types.ts";
import { around, chance } from "./random.ts";
import type { World } from "./world.ts";

/** A snapshot is a long message. */
const SNAPSHOT_FACTOR = 8;
/** A transport gives up on a snapshot after this. */
const GIVE_UP_MS = 400;
const UNREACHABLE_PER_MILLE = 50;

export class SimulatedNetwork {
  private readonly world: World;
  private readonly cuts = new Map<string, number>();
  private sent = 0;
  /** Of each link: the number of the latest message that arrived. */
  private readonly arrived = new Map<string, number>();
  isFaulty = true;

  constructor(world: World) {
    this.world = world;
  }

  /** Cuts may overlap: a link works when all of its cuts are mended. */
  cut(from: MemberId, to: MemberId): void {
    const link = `${from} ${to}`;
    this.cuts.set(link, (this.cuts.get(link) ?? 0) + 1);
  }

  mend(from: MemberId, to: MemberId): void {
    const link = `${from} ${to}`;
    this.cuts.set(link, Math.max(0, (this.cuts.get(link) ?? 0) - 1));
  }

  mendAll(): void {
    this.cuts.clear();
  }

  send(message: Message): void {
    const { mix, draw, figures, clock } = this.world;
    if (message.kind === "install-snapshot") figures.snapshotsSent += 1;
    const isLost = this.isFaulty && chance(draw, mix.lossPerMille);
    if (isLost || this.isCut(message)) {
      figures.messagesLost += 1;
      this.tellLost(message);
      return;
    }
    this.sent += 1;
    const number = this.sent;
    const copies = this.isFaulty && chance(draw, mix.duplicatePerMille) ? 2 : 1;
    if (copies === 2) figures.messagesDuplicated += 1;
    for (let copy = 0; copy < copies; copy += 1) {
      clock.after(this.latencyOf(message), () => this.deliver(message, number));
    }
  }

  private latencyOf({ kind }: Message): number {
    const { mix, draw } = this.world;
    const lateMs = this.isFaulty && chance(draw, mix.latePerMille) ? mix.lateMs : 0;
    const size = kind === "install-snapshot" ? SNAPSHOT_FACTOR : 1;
    return around(draw, mix.latencyMs * size + lateMs);
  }

  private deliver(message: Message, number: number): void {
    const { members, figures, draw } = this.world;
    // A link that is cut meanwhile may have been behind it already.
    if (this.isCut(message) && chance(draw, 500)) {
      figures.messagesLost += 1;
      this.tellLost(message);
      return;
    }
    const link = `${message.from} ${message.to}`;
    const latest = this.arrived.get(link) ?? 0;
    if (number < latest) figures.messagesReordered += 1;
    this.arrived.set(link, Math.max(number, latest));
    const target = members.get(message.to);
    const isDown = target?.isUp !== true;
    if (isDown) this.tellLost(message);
    target?.receive(message);
    if (message.kind === "install-snapshot" && !isDown) this.tellSnapshot(message, "delivered");
  }

  private tellLost(message: Message): void {
    const { draw, members } = this.world;
    if (message.kind === "install-snapshot") {
      this.tellSnapshot(message, "failed");
    } else if (chance(draw, UNREACHABLE_PER_MILLE)) {
      const sender = members.get(message.from);
      sender?.after(GIVE_UP_MS, () => sender.raft.reportUnreachable(message.to));
    }
  }

  private tellSnapshot({ from, to }: Message, outcome: "delivered" | "failed"): void {
    const sender = this.world.members.get(from);
    const delayMs = outcome === "failed" ? GIVE_UP_MS : 1;
    sender?.after(delayMs, () => sender.raft.reportSnapshot(to, outcome));
  }

  private isCut({ from, to }: Message): boolean {
    return this.cuts.size > 0 && (this.cuts.get(`${from} ${to}`) ?? 0) > 0;
  }
}
