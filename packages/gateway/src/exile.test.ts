// When a gateway that was taken for dead gives its hosts up, and when it serves again.
import { silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { expect, test } from "vitest";
import { EXILE_AFTER_MS, Exile } from "./exile.ts";

function exiled() {
  const clock = new ManualClock();
  const registration = {
    incarnation: 7,
    asked: 0,
    again() {
      this.asked += 1;
    },
  };
  const story: string[] = [];
  const portal = { shut: () => story.push("shut"), reopen: () => story.push("reopened") };
  const exile = new Exile({ clock, log: silentLog, registration, portals: [portal] });
  return { clock, registration, story, exile };
}

test("it registers anew at once, and nothing happens to its hosts if that succeeds", () => {
  const { clock, registration, story, exile } = exiled();
  exile.onTakenForDead(7);
  exile.onTakenForDead(7);
  expect(registration.asked).toBe(1);
  clock.advance(EXILE_AFTER_MS / 2);
  registration.incarnation = 8;
  clock.advance(10 * EXILE_AFTER_MS);
  expect(story).toEqual([]);
});

test("while it cannot, its portals are shut, until it has", () => {
  const { clock, registration, story, exile } = exiled();
  exile.onTakenForDead(7);
  clock.advance(EXILE_AFTER_MS);
  expect(story).toEqual(["shut"]);
  clock.advance(60_000);
  exile.onTakenForDead(7);
  expect(story).toEqual(["shut"]);
  registration.incarnation = 9;
  clock.advance(1_000);
  expect(story).toEqual(["shut", "reopened"]);
  // Taken for dead once more: the same again.
  exile.onTakenForDead(9);
  clock.advance(EXILE_AFTER_MS);
  expect(story).toEqual(["shut", "reopened", "shut"]);
});

test("before it was ever registered nobody can take it for dead", () => {
  const { registration, story, clock, exile } = exiled();
  registration.incarnation = 0;
  exile.onTakenForDead(7);
  clock.advance(60_000);
  expect([registration.asked, story]).toEqual([0, []]);
});

test("a late word about an incarnation before this one shuts nothing and registers nothing", () => {
  const { registration, story, clock, exile } = exiled();
  // The pings said so first, and the next one is in use when a storage node says it, too.
  registration.incarnation = 8;
  exile.onTakenForDead(7);
  clock.advance(60_000);
  expect([registration.asked, story]).toEqual([0, []]);
});
