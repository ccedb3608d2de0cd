// What clients see.
//
// R7 a read is answered from a state that holds everything applied anywhere when it was asked.
// R10 a request takes effect once, however often it was sent, and all who answer it say the same.
import { assert } from "@ashlar/core";
import type { Index } from "../../types.ts";
import type { Outcome, Request, SessionMachine } from "./session-machine.ts";

interface Effect {
  readonly index: Index;
  readonly result: number;
}

const nameOf = ({ session, number }: Request): string => `${session}.${number}`;

export class ClientChecker {
  private readonly effects = new Map<string, Effect>();
  /** The latest acknowledged request of each session. */
  private readonly acknowledged = new Map<number, number>();

  sawReadAnswered(asked: Index, index: Index, applied: Index): void {
    assert(index >= asked, `R7: a read at ${index} was asked at ${asked}`);
    assert(applied >= index, `R7: a read at ${index} is answered from ${applied}`);
  }

  sawOutcome({ request, result, duplicate }: Outcome, index: Index): void {
    const name = nameOf(request);
    const effect = this.effects.get(name);
    if (effect === undefined) {
      assert(!duplicate && result !== undefined, `R10: ${name} had no effect before ${index}`);
      this.effects.set(name, { index, result });
      return;
    }
    const once = duplicate ? index > effect.index : index === effect.index;
    assert(once, `R10: request ${name} has effects at ${effect.index} and ${index}`);
    const same = result === undefined || result === effect.result;
    assert(same, `R10: request ${name} has two results`);
  }

  sawAcknowledged(request: Request, result: number, decided: Index): void {
    const effect = this.effects.get(nameOf(request));
    assert(effect !== undefined, `R10: request ${nameOf(request)} had no effect`);
    assert(effect.result === result, `R10: request ${nameOf(request)} has two results`);
    assert(effect.index <= decided, `R5: request ${nameOf(request)} is not decided`);
    this.acknowledged.set(request.session, request.number);
  }

  /** At the end: nothing acknowledged is missing. */
  sawEnd(machine: SessionMachine): void {
    for (const [session, number] of this.acknowledged) {
      const last = machine.lastOf(session);
      assert(last >= number, `R10: request ${session}.${number} is lost, the last is ${last}`);
    }
  }
}
