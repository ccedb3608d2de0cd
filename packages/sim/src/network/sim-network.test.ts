import { expect, it } from "vitest";
import { ProcessLife } from "../world/process-life.ts";
import { World } from "../world/world.ts";
import { SimNetwork } from "./sim-network.ts";

it("reaches a machine that had no power when it was asked first, soon after it has it again", async () => {
  const world = new World(1);
  const network = new SimNetwork(world);
  const before = new ProcessLife("storage-1", 1);
  const after = new ProcessLife("storage-1", 2);
  network.onProcessEnd("storage-1", before, { powerLost: true });
  let openedMs = 0;
  let closedMs = 0;
  world.after(0, undefined, () => {
    const end = network.connect(
      "gateway-1",
      new ProcessLife("gateway-1", 1),
      "storage-1:7000",
      () => {
        openedMs = world.nowMs;
      },
    );
    end.listen({
      onMessage: () => {},
      onClose: () => {
        closedMs = world.nowMs;
      },
    });
  });
  world.after(2_000, undefined, () => {
    network.onPower("storage-1");
    network.listen("storage-1", { port: 7000, life: after, accept: () => {} });
  });
  world.after(60_000, undefined, () => {});
  await world.run(50_000);
  expect(closedMs).toBe(0);
  expect(openedMs).toBeGreaterThan(2_000);
  expect(openedMs).toBeLessThan(5_000);
});

it("gives a machine without power up after a while", async () => {
  const world = new World(1);
  const network = new SimNetwork(world);
  network.onProcessEnd("storage-1", new ProcessLife("storage-1", 1), { powerLost: true });
  let reason: Error | undefined;
  world.after(0, undefined, () => {
    const life = new ProcessLife("gateway-1", 1);
    const end = network.connect("gateway-1", life, "storage-1:7000", () => {});
    end.listen({
      onMessage: () => {},
      onClose: (why) => {
        reason = why;
      },
    });
  });
  world.after(60_000, undefined, () => {});
  await world.run(50_000);
  expect(reason?.message).toBe("ETIMEDOUT");
});
