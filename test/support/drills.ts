// Drills under a host at work: a fault, again and again, then everything as before; no error at the
// initiator, nothing lost or wrong, all copies equal afterwards. Each tells how long the host was kept
// waiting, beside the goal of its kind of event.
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { LabWatch } from "./lab-watch.ts";
import type { InitiatorKind } from "./load-host.ts";
import { type CheckDocument, TestLab } from "./test-lab.ts";
import { underLoad, type VerifiedLoad } from "./verified-load.ts";

/** The patience of hosts, which no drill may use up: Windows takes a link for down after so long. */
export const STALL_MAX_MS = 15_000;

export interface Drill {
  readonly name: string;
  readonly initiator?: InitiatorKind;
  readonly rounds: number;
  /** What is wanted of a stall of this kind, for the table. */
  readonly goalMs: number;
  /** What none may reach. */
  readonly stallMaxMs?: number;
  /** Resolves when everything is as before. */
  readonly fault: (load: VerifiedLoad) => Promise<void>;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export class Drills {
  readonly lab: TestLab;
  readonly watch: LabWatch;
  /** For people, one line each. */
  readonly table: string[] = [];
  private count = 0;

  private constructor(lab: TestLab, watch: LabWatch) {
    this.lab = lab;
    this.watch = watch;
  }

  /** In a lab of their own. */
  static async make(...options: string[]): Promise<Drills> {
    const lab = await TestLab.make(...options);
    try {
      return new Drills(lab, await LabWatch.open(lab));
    } catch (thrown) {
      await lab.remove();
      throw thrown;
    }
  }

  async run(options: Drill): Promise<void> {
    const { name, initiator = "qemu", rounds, goalMs, stallMaxMs = STALL_MAX_MS, fault } = options;
    const stalls: number[] = [];
    this.count += 1;
    const volume = `drill-${this.count}`;
    const report = await underLoad(
      this.lab,
      volume,
      async (load) => {
        for (let round = 0; round < rounds; round += 1) {
          await untilBusy(load);
          load.stalls.take();
          await fault(load);
          await this.watch.untilWhole(volume);
          await untilBusy(load);
          stalls.push(Math.round(load.stalls.take()));
        }
      },
      { initiator },
    );
    const max = Math.max(...stalls);
    const figures = `stall median ${median(stalls)} ms, max ${max} ms, goal ${goalMs} ms`;
    this.table.push(`${name} x ${rounds} (${initiator}): ${figures}; ${report.text}`);
    console.log(this.table.at(-1));
    expect(report).toMatchObject({ errors: 0, clean: true });
    expect(max).toBeLessThan(stallMaxMs);
    const check = await this.lab.command<CheckDocument>("volume", "check", volume);
    expect(check.different).toBe(0);
    await this.lab.command("volume", "delete", volume);
  }

  /** Prints the table and removes the lab. */
  async end(): Promise<void> {
    console.log(this.table.join("\n"));
    await this.watch.close();
    await this.lab.remove();
  }
}

/** A drill is about a host at work: operations complete before it begins and after it ends. */
async function untilBusy(load: VerifiedLoad): Promise<void> {
  const enough = load.operations + 50;
  while (load.operations < enough) await setTimeout(20);
}
