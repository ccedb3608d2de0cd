// P11 at the gateway: what is sent again under another state of the volume is decided again, and what was
// decided under an old one either was done then or is not done at all.
import { SystemError } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import { OUTLIVED_MS } from "./routed-operation.ts";
import { CHUNK_SIZE, replyOf } from "./testing/fake-cluster.ts";
import {
  block,
  closeTestVolumes,
  codeOf,
  openTestVolume,
  options,
  turns,
  until,
} from "./testing/opened-volume.ts";

afterEach(closeTestVolumes);

const reserved = (): never => {
  throw new SystemError("volume/reserved", "another host has reserved the volume");
};

/** A permit that another host takes away. */
class Permit {
  asked = 0;
  refuse: (() => never) | undefined;
  readonly ask = (): void => {
    this.asked += 1;
    this.refuse?.();
  };
}

describe("a permit", () => {
  it("that is refused at once: nothing is sent", async () => {
    const { volume, first } = await openTestVolume();
    expect(await codeOf(volume.write(0, block(1), options({ permit: reserved })))).toBe(
      "volume/reserved",
    );
    expect(await codeOf(volume.read(0, 4096, options({ permit: reserved })))).toBe(
      "volume/reserved",
    );
    expect([...first.seen, ...first.cancelled]).toEqual([]);
  });

  it("is asked again before the operation goes out under the next generation", async () => {
    const { cluster, volume, first } = await openTestVolume();
    first.intercept = ({ generation }, reply) => {
      if (generation > 1) return false;
      reply(replyOf("staleGeneration", { epoch: 1 }));
      return true;
    };
    const permit = new Permit();
    const written = volume.write(0, block(1), options({ permit: permit.ask }));
    await until(() => first.seen.length > 0);
    cluster.changeVolume({ generation: 2 });
    await written;
    expect(first.seen.at(-1)?.generation).toBe(2);
    expect(permit.asked).toBeGreaterThan(1);
  });

  it("that is taken away while the operation was refused: it is not sent any more", async () => {
    const { cluster, volume, first } = await openTestVolume();
    first.intercept = (_, reply) => {
      reply(replyOf("staleGeneration", { epoch: 1 }));
      return true;
    };
    const permit = new Permit();
    const written = codeOf(volume.write(0, block(1), options({ permit: permit.ask })));
    await until(() => first.seen.length > 0);
    permit.refuse = reserved;
    cluster.changeVolume({ generation: 2 });
    expect(await written).toBe("volume/reserved");
    expect(first.seen.every(({ generation }) => generation === 1)).toBe(true);
    expect(first.cancelled).toEqual([]);
  });

  it("P11: that is taken away when a part was done: no conflict is told, for nothing would have been done then", async () => {
    const { cluster, volume, first, second } = await openTestVolume();
    second.intercept = (_, reply) => {
      reply(replyOf("staleGeneration", { epoch: 1 }));
      return true;
    };
    const permit = new Permit();
    const border = CHUNK_SIZE - 4096;
    const changes = [
      volume.write(border, block(1, 8192), options({ permit: permit.ask })),
      volume.unmapBlocks(border + 512, 8192 - 512, options({ permit: permit.ask })),
    ].map(codeOf);
    await until(() => first.seen.length > 1 && second.seen.length > 1);
    permit.refuse = reserved;
    cluster.changeVolume({ generation: 2 });
    expect(await Promise.all(changes)).toEqual(["cluster/unavailable", "cluster/unavailable"]);
  });

  /** A write whose answer was lost, and whose host was shut out before it could be sent again. */
  async function lostBeforeRefusal(perform: boolean, clock?: ManualClock) {
    const opened = await openTestVolume(clock ? { clock } : {});
    const { cluster, volume, first } = opened;
    const permit = new Permit();
    first.intercept = (operation) => {
      if (perform) first.perform(operation);
      return true;
    };
    const written = codeOf(volume.write(0, block(1), options({ permit: permit.ask })));
    await until(() => first.seen.length === 1);
    permit.refuse = reserved;
    first.intercept = () => false;
    cluster.changeVolume({ generation: 2 });
    await turns(5);
    return { ...opened, written };
  }

  it("that is taken away while an attempt was lost: it tells a conflict if that was not done", async () => {
    const { first, written } = await lostBeforeRefusal(false);
    first.disconnect();
    expect(await written).toBe("volume/reserved");
    expect(first.seen).toHaveLength(1);
    expect(first.cancelled).toHaveLength(1);
  });

  it("... and good if it was done, which is asked for under its old name", async () => {
    const { first, written } = await lostBeforeRefusal(true);
    first.disconnect();
    expect(await written).toBe("resolved");
    const [sent, again] = first.seen;
    expect(again?.opId).toEqual(sent?.opId);
  });

  it("... and BUSY if nobody says whether it was done", async () => {
    const clock = new ManualClock();
    const { first, written } = await lostBeforeRefusal(false, clock);
    first.interceptCancel = () => true;
    first.disconnect();
    await until(() => first.cancelled.length > 0, clock);
    clock.advance(OUTLIVED_MS + 300);
    expect(await written).toBe("chunk/unavailable");
  });

  /** Its first primary says that it was logged, and dies before it has it committed. */
  async function loggedByALostPrimary() {
    const opened = await lostBeforeRefusal(false);
    const { first } = opened;
    first.interceptCancel = (reply) => {
      reply(replyOf("logged"));
      return true;
    };
    first.intercept = () => true;
    first.disconnect();
    await until(() => first.seen.length === 2);
    return opened;
  }

  it("P11: what a lost primary had logged is decided again at the next one, which does not have it", async () => {
    const { cluster, first, second, written } = await loggedByALostPrimary();
    expect(first.seen[1]?.generation, "nobody takes it in anew").toBe(1);
    cluster.lead(0, 1, 2);
    expect(await written).toBe("volume/reserved");
    expect(second.seen).toEqual([]);
    expect(second.cancelled).toMatchObject([{ epoch: 2 }]);
  });

  it("that is refused while a reset comes: it ends with the reset, logged or not", async () => {
    const { cluster, first, written } = await lostBeforeRefusal(true);
    const answers: (() => void)[] = [];
    first.interceptCancel = (reply) => {
      answers.push(() => reply(replyOf("logged")));
      return true;
    };
    first.disconnect();
    await until(() => answers.length > 0);
    cluster.changeVolume({ generation: 3, resets: 1 });
    for (const answer of answers.splice(0)) answer();
    expect(await written).toBe("operation/aborted");
    expect(first.seen).toHaveLength(1);
  });
});
