import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, test, vi } from "vitest";
import { LeaderBelief } from "./leader-belief.ts";

const nobody = new Set<string>();

const beliefIn = (addresses: readonly string[], clock = new ManualClock()) =>
  new LeaderBelief({ clock }, addresses);

describe("who is believed to lead", () => {
  test("the first address, until it does not serve; then each in turn", () => {
    const belief = beliefIn(["a", "b", "c"]);
    const seen = [belief.leader];
    for (let turn = 0; turn < 3; turn += 1) {
      belief.leave(belief.leader, { tried: nobody });
      seen.push(belief.leader);
    }
    expect(seen).toEqual(["a", "b", "c", "a"]);
  });

  test("whom a member takes for the leader, known or not, unless that one was asked already", () => {
    const belief = beliefIn(["a", "b", "c"]);
    belief.leave("a", { hint: "z", tried: new Set(["a"]) });
    expect(belief.leader).toBe("z");
    belief.leave("z", { tried: new Set(["a", "z"]) });
    expect(belief.leader).toBe("b");
    belief.leave("b", { hint: "z", tried: new Set(["a", "z", "b"]) });
    expect(belief.leader).toBe("c");
  });

  test("who comes late with what is known changes nothing", () => {
    const belief = beliefIn(["a", "b", "c"]);
    const moved = vi.fn();
    belief.onMoved(moved);
    belief.leave("a", { tried: nobody });
    belief.leave("a", { hint: "c", tried: nobody });
    expect(belief.leader).toBe("b");
    expect(moved).toHaveBeenCalledTimes(1);
  });

  test("an only member stays the leader, and nobody is told that it moved", () => {
    const belief = beliefIn(["a"]);
    const moved = vi.fn();
    belief.onMoved(moved);
    belief.leave("a", { hint: "a", tried: new Set(["a"]) });
    expect(belief.leader).toBe("a");
    expect(moved).not.toHaveBeenCalled();
  });

  test("never a silent one for some seconds, unless it is named or alone", () => {
    const clock = new ManualClock();
    const belief = beliefIn(["a", "b"], clock);
    belief.leave("a", { tried: new Set(["a"]), silent: true });
    belief.leave("b", { tried: new Set(["a", "b"]) });
    expect(belief.leader).toBe("b");
    belief.leave("b", { hint: "a", tried: new Set(["b"]) });
    expect(belief.leader).toBe("a");
    belief.leave("a", { tried: new Set(["a"]), silent: true });
    belief.leave("b", { tried: new Set(["b"]), silent: true });
    expect(belief.leader).toBe("a");
    belief.leave("a", { tried: nobody });
    clock.advance(3_000);
    belief.leave("b", { tried: nobody });
    expect(belief.leader).toBe("a");
  });

  test("what the group tells comes first, what was configured is a last resort", () => {
    const belief = beliefIn(["a", "b"]);
    belief.learn(["b", "x"]);
    expect(belief.addresses).toEqual(["b", "x", "a"]);
    expect(belief.members).toEqual(["b", "x"]);
    belief.learn(["y"]);
    expect(belief.addresses).toEqual(["y", "a", "b"]);
  });

  test("without an address there is nobody to ask", () => {
    expect(() => beliefIn([])).toThrow("no address");
  });
});
