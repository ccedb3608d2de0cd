// The connection of one host to one gateway, as far as it proves anything (P9): the gateway asks, the host
// answers as long as it holds the path, and what the answer proves is that it did when the question was
// sent. A host that has given the path up answers no more; its gateway may not know for long.
import type { PathProof } from "@ashlar/core";
import type { Clock } from "@ashlar/runtime";
import type { SimNetwork } from "../network/sim-network.ts";
import type { ProcessLife } from "../world/process-life.ts";

export interface HostPathPorts {
  readonly network: SimNetwork;
  /** The host's name, and the gateway's. */
  readonly host: string;
  readonly gateway: string;
  /** The gateway as it is now. */
  readonly life: ProcessLife;
  readonly clock: Clock;
}

const QUESTION_BYTES = 48;

export class HostPath implements PathProof {
  private readonly ports: HostPathPorts;
  private proven: number;
  private waiting: (() => void)[] = [];
  private asked = false;
  private held = true;

  /** @param sentMs when, by the gateway's clock, it sent what the host had acknowledged with its command. */
  constructor(ports: HostPathPorts, sentMs: number) {
    this.ports = ports;
    this.proven = sentMs;
  }

  provenAtMs(): number {
    return this.proven;
  }

  prove(sinceMs: number): void {
    if (this.asked || this.proven >= sinceMs) return;
    this.asked = true;
    const { network, host, gateway, life, clock } = this.ports;
    const sentMs = clock.nowMs();
    const answer = (): void => {
      if (!this.held) return;
      const arrive = (): void => this.onAnswer(sentMs);
      network.paths.travel(host, gateway, { bytes: QUESTION_BYTES, life, arrive });
    };
    const question = { bytes: QUESTION_BYTES, life: undefined, arrive: answer };
    network.paths.travel(gateway, host, question);
  }

  onProven(call: () => void): void {
    this.waiting.push(call);
  }

  /** The host turns away: it proves nothing any more. */
  leave(): void {
    this.held = false;
  }

  private onAnswer(sentMs: number): void {
    this.asked = false;
    this.proven = Math.max(this.proven, sentMs);
    for (const call of this.waiting.splice(0)) call();
  }
}
