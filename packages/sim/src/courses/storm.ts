// Faults of many kinds at random, as the seed draws them, while an operator makes and deletes volumes; then a time
// without faults.
import type { Course, CoursePorts } from "./course.ts";

/** A volume that nobody uses comes and goes so often. */
const CREATION_MS = 7_000;
/** Share of the time in which faults strike; then commands go on without. */
const FAULTY_SHARE = 0.7;

export class Storm implements Course {
  private readonly ports: CoursePorts;
  private ending = false;

  constructor(ports: CoursePorts) {
    this.ports = ports;
  }

  async run(): Promise<void> {
    const { world, faults, seconds, onHealed } = this.ports;
    faults.start();
    this.comeAndGo();
    const faultyMs = seconds * 1000 * FAULTY_SHARE;
    await world.run(world.nowMs + faultyMs);
    faults.heal();
    onHealed();
    await world.run(world.nowMs + seconds * 1000 - faultyMs);
    this.ending = true;
  }

  get figures() {
    const { operator, faults } = this.ports;
    return { ...operator.figures, ...faults.counts };
  }

  private comeAndGo(): void {
    const { world, operator, targets, cluster } = this.ports;
    const pauseMs = world.between(CREATION_MS / 4, CREATION_MS);
    world.after(pauseMs, cluster.operator, () => {
      if (this.ending) return;
      const replicas = 1 + world.random.below(3);
      // A sole copy may be put on a disk that is lost and not missed yet.
      operator.do(() => operator.createAndDelete(targets.isFragile ? 3 : replicas));
      this.comeAndGo();
    });
  }
}
