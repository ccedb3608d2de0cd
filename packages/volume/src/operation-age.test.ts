// What changes something goes out with a proof that its initiator holds the path, and is called back
// when it shall not be done any more (P9).
import { type PathProof, SystemError } from "@ashlar/core";
import { nodeClock } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, describe, expect, it } from "vitest";
import { OUTLIVED_MS } from "./routed-operation.ts";
import { replyOf } from "./testing/fake-cluster.ts";
import {
  block,
  closeTestVolumes,
  codeOf,
  openTestVolume,
  options,
  refuse,
  turns,
  until,
} from "./testing/opened-volume.ts";

afterEach(closeTestVolumes);

/** A path that is proved when the test says so. */
class TestPath implements PathProof {
  proven = Number.NEGATIVE_INFINITY;
  readonly asked: number[] = [];
  private waiting: (() => void)[] = [];

  provenAtMs(): number {
    return this.proven;
  }

  prove(sinceMs: number): void {
    this.asked.push(sinceMs);
  }

  onProven(call: () => void): void {
    this.waiting.push(call);
  }

  proveAt(ms: number): void {
    this.proven = ms;
    for (const call of this.waiting.splice(0)) call();
  }
}

/** Whether a promise has settled by now. */
function watch(pending: Promise<unknown>): { done: boolean } {
  const state = { done: false };
  const settle = (): void => {
    state.done = true;
  };
  pending.then(settle, settle);
  return state;
}

describe("a proof of the path (P9)", () => {
  it("holds what changes something until it comes; what came before the token is none", async () => {
    const { volume, first } = await openTestVolume();
    const path = new TestPath();
    path.proven = nodeClock.nowMs();
    const written = volume.write(0, block(1), options({ path }));
    await until(() => path.asked.length > 0);
    const [sinceMs] = path.asked;
    expect(sinceMs).toBeGreaterThan(path.proven);
    path.proveAt(sinceMs! - 0.001);
    await until(() => path.asked.length > 1);
    await turns(20);
    expect(first.seen).toEqual([]);
    path.proveAt(nodeClock.nowMs());
    await written;
    expect(first.seen.map(({ token }) => token > 0)).toEqual([true]);
  });

  it("is not asked of reads", async () => {
    const { volume, first } = await openTestVolume();
    await volume.read(0, 512, options({ path: new TestPath() }));
    expect(first.seen.map(({ token }) => token)).toEqual([0]);
  });

  it("must be newer than the stream: one that was good for the broken one is not for the next", async () => {
    const { volume, first } = await openTestVolume();
    const path = new TestPath();
    await volume.write(0, block(1), options());
    path.proven = nodeClock.nowMs();
    await volume.write(0, block(1), options({ path }));
    first.disconnect();
    const written = volume.write(0, block(2), options({ path }));
    await until(() => path.asked.length > 0);
    await turns(20);
    expect(first.seen).toHaveLength(2);
    path.proveAt(nodeClock.nowMs());
    await written;
    const [, old, renewed] = first.seen.map(({ token }) => token);
    expect(renewed).not.toBe(old);
  });

  it("that is missing while the stream breaks lets the operation wait for the next one", async () => {
    const { volume, first } = await openTestVolume();
    const path = new TestPath();
    const written = volume.write(0, block(1), options({ path }));
    await until(() => path.asked.length > 0);
    first.disconnect();
    const before = path.asked.length;
    await until(() => path.asked.length > before);
    expect(first.seen).toEqual([]);
    path.proveAt(nodeClock.nowMs());
    await written;
  });

  it("P10: that does not come holds up nobody's window: an opId is given with the first sending", async () => {
    const { volume, first } = await openTestVolume();
    const path = new TestPath();
    const held = volume.write(0, block(1), options({ path }));
    await until(() => path.asked.length > 0);
    for (let count = 1; count <= 3; count++) await volume.write(4096, block(count), options());
    const windows = first.seen.map(({ opId, lowestUnresolvedSeq }) => [
      opId.seq,
      lowestUnresolvedSeq,
    ]);
    expect(windows).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    path.proveAt(nodeClock.nowMs());
    await held;
    expect(first.seen.at(-1)).toMatchObject({ opId: { seq: 4 }, lowestUnresolvedSeq: 4 });
  });

  it("that never comes ends with the budget, and nothing was sent", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
    const path = new TestPath();
    const outcome = codeOf(volume.write(0, block(1), options({ path })));
    await until(() => path.asked.length > 0);
    clock.advance(20_500);
    expect(await outcome).toBe("chunk/unavailable");
    expect([...first.seen, ...first.cancelled]).toEqual([]);
  });

  it("is renewed while work is in hand", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
    const path = new TestPath();
    path.proven = 0;
    first.intercept = () => true;
    void codeOf(volume.write(0, block(1), options({ path })));
    await until(() => first.seen.length === 1);
    expect(path.asked).toEqual([]);
    for (let count = 0; count < 3; count += 1) clock.advance(250);
    expect(path.asked).toEqual([250, 500]);
  });

  it("that was too old for the primary is not used again", async () => {
    const { volume, first, retries } = await openTestVolume();
    first.intercept = refuse(1, replyOf("staleToken"));
    await volume.write(0, block(1), options());
    const [stale, fresh] = first.seen.map(({ token }) => token);
    expect(fresh).not.toBe(stale);
    expect(await retries("staleToken")).toBe(1);
  });
});

describe("what is called back (P9)", () => {
  /** A write that its primary keeps, aborted. */
  async function aborted({ clock = nodeClock as typeof nodeClock | ManualClock } = {}) {
    const opened = await openTestVolume({ clock });
    const { volume, first } = opened;
    const abort = new AbortController();
    const answers: ((status: "good" | "busy" | "notPrimary") => void)[] = [];
    const cancels: ((status: "cancelled" | "logged" | "notActive") => void)[] = [];
    first.intercept = (_, reply) => {
      answers.push((status) => reply(replyOf(status)));
      return true;
    };
    first.interceptCancel = (reply) => {
      cancels.push((status) => reply(replyOf(status)));
      return true;
    };
    const outcome = codeOf(volume.write(0, block(1), options({ signal: abort.signal })));
    await until(() => answers.length === 1);
    abort.abort(new SystemError("operation/aborted", "task aborted"));
    await until(() => cancels.length === 1);
    await turns(20);
    const state = watch(outcome);
    await turns(2);
    expect(state.done, "not before the primary has said so").toBe(false);
    return { ...opened, outcome, answers, cancels };
  }

  it.each(["cancelled", "logged"] as const)("is over when the primary says: %s", async (status) => {
    const { outcome, cancels, first } = await aborted();
    const [{ opId } = { opId: undefined }] = first.seen;
    expect(first.cancelled).toMatchObject([{ opId, epoch: 1 }]);
    cancels[0]!(status);
    expect(await outcome).toBe("operation/aborted");
  });

  it("is done if its own answer says so", async () => {
    const { outcome, answers } = await aborted();
    answers[0]!("good");
    expect(await outcome).toBe("resolved");
  });

  it("is over when the only one who had it refused it", async () => {
    const { outcome, answers, first } = await aborted();
    answers[0]!("busy");
    expect(await outcome).toBe("operation/aborted");
    expect(first.seen).toHaveLength(1);
  });

  it("is asked for again where it stood when the stream breaks, or when its primary was deposed", async () => {
    for (const how of ["broken", "deposed"]) {
      const { outcome, answers, cancels, first } = await aborted();
      if (how === "broken") first.disconnect();
      else answers[0]!("notPrimary");
      await until(() => cancels.length === 2);
      cancels[1]!("notActive");
      await until(() => cancels.length === 3);
      cancels[2]!("cancelled");
      expect(await outcome).toBe("operation/aborted");
      expect(first.seen).toHaveLength(1);
    }
  });

  it("is asked of the next primary, where it is not sent any more", async () => {
    const { cluster, outcome, second } = await aborted();
    cluster.lead(0, 1, 2);
    expect(await outcome).toBe("operation/aborted");
    expect(second.cancelled).toMatchObject([{ epoch: 2 }]);
    expect(second.seen).toEqual([]);
  });

  it("is too old for an LSN when nobody answered for long enough", async () => {
    const clock = new ManualClock();
    const { outcome } = await aborted({ clock });
    const state = watch(outcome);
    clock.advance(OUTLIVED_MS - 1);
    await turns(5);
    expect(state.done).toBe(false);
    clock.advance(300);
    expect(await outcome).toBe("operation/aborted");
  });

  it("was never sent: that is all", async () => {
    const { volume, first } = await openTestVolume();
    const path = new TestPath();
    const abort = new AbortController();
    const held = codeOf(volume.write(0, block(1), options({ path, signal: abort.signal })));
    await until(() => path.asked.length > 0);
    abort.abort(new SystemError("operation/aborted", "task aborted"));
    expect(await held).toBe("operation/aborted");
    path.proveAt(nodeClock.nowMs());
    await turns(20);
    expect([...first.seen, ...first.cancelled]).toEqual([]);
  });

  it("at the end of its budget, before the host is told BUSY", async () => {
    const clock = new ManualClock();
    const { volume, first } = await openTestVolume({ clock });
    first.intercept = () => true;
    let answer = (): void => {};
    first.interceptCancel = (reply) => {
      answer = () => reply(replyOf("cancelled"));
      return true;
    };
    const outcome = codeOf(volume.write(0, block(1), options()));
    const state = watch(outcome);
    await until(() => first.seen.length === 1);
    clock.advance(20_250);
    await until(() => first.cancelled.length === 1);
    await turns(5);
    expect(state.done).toBe(false);
    answer();
    expect(await outcome).toBe("chunk/unavailable");
  });
});

describe("a former process of the same gateway (P9)", () => {
  it("is outlived when all nodes know a stream of this one", async () => {
    const clock = new ManualClock();
    const { router, first, second } = await openTestVolume({ clock });
    await router.outliveFormer();
    expect([first, second].map(({ carriers }) => carriers.size)).toEqual([1, 1]);
    await router.outliveFormer();
  });

  it("is outlived by its tokens when a node does not answer", async () => {
    const clock = new ManualClock();
    const { router, second } = await openTestVolume({ clock });
    await second.stop();
    const outlived = router.outliveFormer();
    const state = watch(outlived);
    await turns(50);
    clock.advance(OUTLIVED_MS - 1);
    await turns(20);
    expect(state.done).toBe(false);
    clock.advance(1);
    await outlived;
  });
});
