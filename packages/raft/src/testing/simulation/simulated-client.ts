// A client with a session: one request at a time, asked again, at another member, until it is answered.
// Its requests and the answers may be lost as well, so what it asks twice may have happened already.
import { voterIds } from "../../membership.ts";
import type { Index } from "../../types.ts";
import type { Answer } from "./member-process.ts";
import { around, chance, pick } from "./random.ts";
import type { Request } from "./session-machine.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { World } from "./world.ts";

const PADDING_MAX = 40;
/** Before it tries again what was refused. */
const BACKOFF_MS = 120;
/** Mostly it stays with a member that answered, or asks one of the present voters. */
const WANDER_PER_MILLE = 150;

export class SimulatedClient {
  /** Requests of both kinds that were answered. */
  answered = 0;
  private readonly world: World;
  private readonly session: number;
  private number = 0;
  /** Rises with each attempt: what belongs to an earlier one is of no interest. */
  private attempt = 0;
  private preferred: SimulatedMember | undefined;
  private isStopping = false;
  private isIdle = true;

  constructor(world: World, session: number) {
    this.world = world;
    this.session = session;
    this.think();
  }

  /** Asks for nothing new. */
  stop(): void {
    this.isStopping = true;
  }

  get hasStopped(): boolean {
    return this.isStopping && this.isIdle;
  }

  private think(): void {
    const { clock, draw, mix } = this.world;
    clock.after(around(draw, mix.thinkMs), () => {
      if (this.isStopping) return;
      this.isIdle = false;
      if (chance(draw, mix.readsPerMille)) {
        this.askRead();
      } else {
        this.number += 1;
        this.askWrite(draw(PADDING_MAX));
      }
    });
  }

  private askWrite(padding: number): void {
    const { figures, checker } = this.world;
    const request: Request = { session: this.session, number: this.number };
    const again = (): void => {
      figures.proposalsRetried += 1;
      this.askWrite(padding);
    };
    const answered = (answer: Answer, retry: () => void): void => {
      if (answer.kind === "refused") {
        this.preferred = undefined;
        this.world.clock.after(around(this.world.draw, BACKOFF_MS), retry);
        return;
      }
      checker.clients.sawAcknowledged(request, answer.result, checker.decisions.decided);
      figures.proposalsAcknowledged += 1;
      this.done();
    };
    this.ask(again, (member, answer, retry) => {
      member.propose(request, padding, (said) => answer(() => answered(said, retry)));
    });
  }

  private askRead(): void {
    const { figures, checker } = this.world;
    const asked: Index = checker.log.applied;
    this.ask(
      () => this.askRead(),
      (member, answer) => {
        member.read((index, applied) => {
          checker.clients.sawReadAnswered(asked, index, applied);
          answer(() => {
            figures.readsAnswered += 1;
            this.done();
          });
        });
      },
    );
  }

  /** One attempt: the request on its way to a member, the answer back, and a time-out. */
  private ask(
    again: () => void,
    send: (member: SimulatedMember, answer: (then: () => void) => void, retry: () => void) => void,
  ): void {
    const { clock, draw, mix } = this.world;
    this.attempt += 1;
    const { attempt } = this;
    const ifCurrent = (action: () => void) => () => {
      if (attempt === this.attempt) action();
    };
    const member = this.choose();
    const retry = ifCurrent(() => {
      this.preferred = undefined;
      again();
    });
    clock.after(mix.answerTimeoutMs, retry);
    if (this.isLost()) return;
    clock.after(around(draw, mix.latencyMs), () => {
      const answer = (then: () => void): void => {
        if (this.isLost()) return;
        clock.after(around(draw, mix.latencyMs), () => {
          ifCurrent(() => {
            this.preferred = member;
            then();
          })();
        });
      };
      send(member, answer, retry);
    });
  }

  private done(): void {
    this.attempt += 1;
    this.answered += 1;
    this.isIdle = true;
    this.think();
  }

  private choose(): SimulatedMember {
    const { draw, members, checker } = this.world;
    const wanders = chance(draw, WANDER_PER_MILLE);
    if (this.preferred !== undefined && !wanders) return this.preferred;
    const voter = pick(draw, voterIds(checker.decisions.newest));
    return (wanders ? undefined : members.get(voter)) ?? pick(draw, [...members.values()]);
  }

  private isLost(): boolean {
    const { network, draw, mix } = this.world;
    return network.isFaulty && chance(draw, mix.lossPerMille);
  }
}
