import { expect, it } from "vitest";
import { ProcessClock } from "./process-clock.ts";
import { ProcessLife } from "./process-life.ts";
import { World } from "./world.ts";

it("a timer that is cancelled while its process is stopped never fires", async () => {
  const world = new World(1);
  const life = new ProcessLife("storage-1", 1);
  const clock = new ProcessClock(world, life, { rate: 1 });
  let fired = 0;
  const timer = clock.every(10, () => {
    fired += 1;
  });
  world.after(15, undefined, () => life.stop());
  world.after(50, undefined, () => timer.cancel());
  world.after(60, undefined, () => world.resume(life));
  world.after(300, undefined, () => {});
  await world.run(200);
  expect(fired).toBe(1);
});
