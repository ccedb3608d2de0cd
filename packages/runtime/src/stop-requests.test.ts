import { SystemError } from "@ashlar/core";
import { expect, test } from "vitest";
import type { Log } from "./log.ts";
import { STOP_INSISTED_MS, StopRequests } from "./stop-requests.ts";

function process(answers: readonly (readonly string[] | Error)[]) {
  const told: string[] = [];
  const seen = { nowMs: 0, asked: 0, stopped: 0, told };
  const note = (fields: object, message: string): void =>
    void told.push(
      [message, ...("reasons" in fields ? (fields.reasons as string[]) : [])].join("; "),
    );
  const log = { info: note, warn: note } as unknown as Log;
  const requests = new StopRequests({
    log,
    nowMs: () => seen.nowMs,
    mayStop: async () => {
      const answer = answers[seen.asked++] ?? expect.fail("asked once too often");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    stop: () => {
      seen.stopped += 1;
    },
  });
  return { seen, requests };
}

test("SIGTERM: who is not missed stops", async () => {
  const { seen, requests } = process([[]]);
  await requests.onSignal("SIGTERM");
  await requests.onSignal("SIGTERM");
  expect(seen).toMatchObject({ asked: 1, stopped: 1, told: ["process stops"] });
});

test("SIGTERM: who would be missed says why and goes on; the second one soon after is obeyed", async () => {
  const { seen, requests } = process([["the only copy of demo"], ["of other"]]);
  await requests.onSignal("SIGTERM");
  expect(seen).toMatchObject({ asked: 1, stopped: 0 });
  expect(seen.told).toEqual(["process goes on: it would be missed; the only copy of demo"]);
  seen.nowMs = STOP_INSISTED_MS;
  await requests.onSignal("SIGTERM");
  expect(seen, "too late to be meant: asked anew").toMatchObject({ asked: 2, stopped: 0 });
  seen.nowMs += STOP_INSISTED_MS - 1;
  await requests.onSignal("SIGTERM");
  expect(seen).toMatchObject({ asked: 2, stopped: 1 });
});

test("SIGINT is obeyed at once", async () => {
  const { seen, requests } = process([]);
  await requests.onSignal("SIGINT");
  expect(seen).toMatchObject({ asked: 0, stopped: 1 });
});

test("SIGTERM twice while the first is asked about: it stops once, and is refused nothing any more", async () => {
  const { seen, requests } = process([["the only copy of demo"]]);
  await Promise.all([requests.onSignal("SIGTERM"), requests.onSignal("SIGTERM")]);
  expect(seen).toMatchObject({ asked: 1, stopped: 1, told: ["process stops"] });
});

test("when nobody can be asked it stops, and says so", async () => {
  const { seen, requests } = process([new SystemError("cluster/unavailable", "no leader")]);
  await requests.onSignal("SIGTERM");
  expect(seen).toMatchObject({ stopped: 1 });
  expect(seen.told).toEqual(["nobody could be asked whether it may stop", "process stops"]);
});
