// Disk access latency: every host reads and writes through every path; what takes long shows in the times.
import { inParallel } from "../../step-judge.ts";
import { JudgedPath } from "../judged-path.ts";
import { onEveryDisk, type StepContext } from "../step-context.ts";

/** Enough that a slow one among them shows. */
const ROUNDS = 5;

export async function accessLatency(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    await inParallel(
      fleet.pathsTo(disk).map(async (path) => {
        const { host, path: through } = path.place;
        for (let round = 0; round < ROUNDS; round++) {
          const mark = `latency ${host} ${through} ${round}`;
          await new JudgedPath(judge, path).expectWritePasses(mark);
        }
      }),
    );
  });
}
