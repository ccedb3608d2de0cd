// Long calls and members that die, under a clock that stands still until told.
import { SystemError } from "@ashlar/core";
import { ManualClock } from "@ashlar/runtime/testing";
import { afterEach, expect, test } from "vitest";
import { attended } from "./attended-call.ts";
import { GrpcClient } from "./grpc-client.ts";
import { startMembers, type TestMember } from "./testing/test-member.ts";

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

/** A call that lasts until `finish`, or until its signal aborts. */
function longCall() {
  let finish = (_value: string): void => {};
  const call = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise<string>((resolve, reject) => {
      finish = resolve;
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { call, finish: (value: string) => finish(value) };
}

async function attendedBy(alive: () => void) {
  const [server] = (await startMembers(1)) as [TestMember];
  const member = new GrpcClient({ address: server.address });
  open.push(server, { stop: async () => member.close() });
  const clock = new ManualClock();
  const long = longCall();
  const stop = new AbortController();
  const options = { signal: stop.signal, member, onAlive: alive };
  return { server, clock, long, stop, result: attended({ clock }, long.call, options) };
}

test("go on for as long as their member answers", async () => {
  let heard = 0;
  const { clock, long, result } = await attendedBy(() => {
    heard += 1;
  });
  for (const times of [1, 2, 3]) {
    clock.advance(500);
    await expect.poll(() => heard).toBe(times);
  }
  long.finish("made");
  await expect(result).resolves.toBe("made");
});

test("end when it does not", async () => {
  const { server, clock, result } = await attendedBy(() => {});
  const outcome = expect(result).rejects.toMatchObject({ code: "rpc/unavailable" });
  await server.stop();
  clock.advance(500);
  await outcome;
});

test("end with their caller's reason", async () => {
  const { stop, result } = await attendedBy(() => {});
  const outcome = expect(result).rejects.toThrow("enough");
  stop.abort(new SystemError("operation/aborted", "enough"));
  await outcome;
});
