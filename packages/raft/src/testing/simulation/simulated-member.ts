// One member: a disk that stays, a process that may crash, pause and start again, and a clock of its own.
// A crash loses all but what is on the disk; a pause lets everything that comes meanwhile happen at once
// when it ends.
import type { Message } from "../../messages.ts";
import type { Raft } from "../../raft.ts";
import type { LogSnapshot, MemberId } from "../../types.ts";
import { type Answer, MemberProcess } from "./member-process.ts";
import { between } from "./random.ts";
import type { Request, SessionMachine } from "./session-machine.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { World } from "./world.ts";

const DRIFT_PERCENT_MAX = 10;

export class SimulatedMember {
  readonly id: MemberId;
  readonly disk: SimulatedDisk;
  isUp = true;
  /** How much longer than it should be this member's tick is, in per cent; negative if shorter. */
  driftPercent: number;
  readonly usualDriftPercent: number;
  /** By which factor its fsyncs take longer than they should. */
  diskSlowness = 1;
  private process: MemberProcess;
  private readonly world: World;
  /** What was begun by an earlier incarnation is void. */
  private incarnation = 0;
  private isPaused = false;
  private held: (() => void)[] = [];

  constructor(world: World, id: MemberId, start: LogSnapshot | undefined) {
    this.world = world;
    this.id = id;
    this.usualDriftPercent = between(world.draw, -DRIFT_PERCENT_MAX, DRIFT_PERCENT_MAX);
    this.driftPercent = this.usualDriftPercent;
    this.disk = new SimulatedDisk(start);
    this.process = new MemberProcess(this, world, this.incarnation);
    this.begin();
  }

  get raft(): Raft {
    return this.process.raft;
  }

  get machine(): SessionMachine {
    return this.process.machine;
  }

  receive(message: Message): void {
    this.perform(() => this.raft.step(message));
  }

  /** Answers when the request is applied here, if ever. */
  propose(request: Request, padding: number, answer: (answer: Answer) => void): void {
    this.perform(() => this.process.propose(request, padding, answer));
  }

  /** Answers with the index that the state had to hold, and the one it had, if ever. */
  read(answer: (index: number, applied: number) => void): void {
    this.perform(() => this.process.read(answer));
  }

  /** Whatever happens to the process happens through here: later if it is paused, never if down. */
  perform(action: () => void): void {
    if (!this.isUp) return;
    if (this.isPaused) {
      this.held.push(action);
      return;
    }
    action();
    this.world.checker.sawStep(this, this.world.clock.nowMs);
    this.process.wakeUp();
  }

  /** Of this incarnation only. */
  after(delayMs: number, action: () => void): void {
    const { incarnation } = this;
    this.world.clock.after(delayMs, () => {
      if (incarnation === this.incarnation) this.perform(action);
    });
  }

  crash(): void {
    if (!this.isUp) return;
    const { figures, draw } = this.world;
    const outcome = this.disk.crash(draw);
    figures.crashes += 1;
    if (outcome === "write-lost") figures.writesLost += 1;
    if (outcome === "write-torn") figures.writesTorn += 1;
    this.isUp = false;
    this.isPaused = false;
    this.held = [];
    this.incarnation += 1;
  }

  restart(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.process = new MemberProcess(this, this.world, this.incarnation);
    this.begin();
  }

  /** False if there is nothing to pause. */
  pause(): boolean {
    if (!this.isUp || this.isPaused) return false;
    this.isPaused = true;
    return true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    const { held } = this;
    this.held = [];
    for (const action of held) this.perform(action);
  }

  private begin(): void {
    this.world.checker.sawStart(this);
    this.beat();
    this.process.wakeUp();
  }

  private beat(): void {
    const tickMs = Math.round(this.world.mix.tickMs * (1 + this.driftPercent / 100));
    this.after(tickMs, () => {
      this.raft.tick();
      this.beat();
    });
  }
}
