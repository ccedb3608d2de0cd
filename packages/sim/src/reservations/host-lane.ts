// One thread of a host: one command after the other until the run ends. Whatever a command throws that no host
// should meet is the end of the run.
import { toSystemError } from "@ashlar/core";
import { sleep } from "@ashlar/runtime";
import type { World } from "../world/world.ts";
import type { HostMachine } from "./host-machine.ts";

const NEVER = new AbortController().signal;
/** After a login that failed, so that a host that is not let in does not ask all the time. */
const LOGIN_PAUSE_MS = 100;

export class HostLane {
  private readonly world: World;
  private readonly machine: HostMachine;
  private readonly thinkMs: number;
  private ending = false;
  private thinking = new AbortController();
  isIdle = true;

  constructor(
    { world, machine }: { readonly world: World; readonly machine: HostMachine },
    { thinkMs }: { readonly thinkMs: number },
  ) {
    this.world = world;
    this.machine = machine;
    this.thinkMs = thinkMs;
  }

  /** @param next does one command; rejects with a SystemError when there was no session for it. */
  start(next: () => Promise<void>): void {
    this.isIdle = false;
    this.world.after(0, this.machine.life, () => {
      this.loop(next).then(
        () => {
          this.isIdle = true;
        },
        (thrown: unknown) => this.world.fail(thrown),
      );
    });
  }

  /** Goes on at once if it thinks. */
  hurry(): void {
    this.thinking.abort();
  }

  finish(): void {
    this.ending = true;
  }

  private async loop(next: () => Promise<void>): Promise<void> {
    const { clock, random } = this.machine;
    while (!this.ending) {
      this.thinking = new AbortController();
      const { signal } = this.thinking;
      const thinkMs = (random.below(1000) / 1000) * this.thinkMs;
      await sleep(clock, thinkMs, { signal }).catch(() => {});
      try {
        if (!this.ending) await next();
      } catch (thrown) {
        if (toSystemError(thrown).code === "internal") throw thrown;
        await sleep(clock, LOGIN_PAUSE_MS, { signal: NEVER });
      }
    }
  }
}
