// What a lab costs that does nothing.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { supervisorPidOf, TestLab } from "../../support/test-lab.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Memory that a process holds, and the processor time it has used, from /proc. */
function footprintOf(pid: number): { rssBytes: number; cpuTicks: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const rssKib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
  return { rssBytes: rssKib * 1024, cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

/** What starting leaves behind: pages to collect, code to compile. */
const SETTLE_MS = 5_000;
const IDLE_MS = 5_000;
const TICKS_PER_S = 100;

test("an idle lab with its supervisor stays under 1 GiB of memory", async () => {
  const idle = await TestLab.make();
  try {
    const { processes } = await idle.status();
    const all = [...processes, { id: "supervisor", pid: supervisorPidOf(idle.dir) }];
    // Time passes on purpose: this measures a rate.
    await setTimeout(SETTLE_MS);
    const before = all.map(({ pid }) => footprintOf(pid ?? 0));
    await setTimeout(IDLE_MS);
    const after = all.map(({ pid }) => footprintOf(pid ?? 0));
    const ticks = after.reduce((sum, { cpuTicks }, i) => sum + cpuTicks - before[i]!.cpuTicks, 0);
    const percent = (100 * ticks) / TICKS_PER_S / (IDLE_MS / 1000);
    const rssBytes = after.reduce((sum, each) => sum + each.rssBytes, 0);
    const each = all.map(({ id }, i) => `${id} ${Math.round(after[i]!.rssBytes / MIB)}`);
    console.log(
      `idle lab: ${Math.round(rssBytes / MIB)} MiB resident (${each.join(", ")}), ` +
        `${percent.toFixed(1)} % of one core`,
    );
    expect(rssBytes).toBeLessThan(GIB);
  } finally {
    await idle.remove();
  }
});
