// Every state that three members can reach within small bounds, with R1..R5 asked in each of them. The same
// search must find what is wrong when a disk breaks its word: else its silence would mean nothing.
import { SOAKS } from "@ashlar/core/testing";
import { describe, expect, it } from "vitest";
import { type HardState, type Index, NONE } from "./index.ts";
import { NOTHING, SCOPES, SCOPES_OF_MINUTES, type Scope, Search } from "./testing/index.ts";

const timeout = SOAKS ? 7_200_000 : 600_000;

const ONE_TERM = { ...NOTHING, terms: 1 } as const;

describe("R1..R5 in every state within the scope", { timeout }, () => {
  it.each(SOAKS ? [...SCOPES, ...SCOPES_OF_MINUTES] : SCOPES)(
    "$name",
    ({ name, statesMin, sees, ...scope }) => {
      const { violation, ...figures } = new Search(scope).run();
      console.info(`${name}: ${JSON.stringify(figures)}`);
      expect(violation).toBeUndefined();
      expect(figures.states).toBeGreaterThanOrEqual(statesMin);
      for (const fact of sees) expect(figures.facts[fact], fact).toBeGreaterThan(0);
    },
  );
});

describe("a search", { timeout }, () => {
  it("sees the same of the members whether or not it forgets messages without effect", () => {
    const scope: Scope = { ...ONE_TERM, terms: 2 };
    const forgetting = new Search(scope).run();
    const keeping = new Search({ ...scope, keepsDeadMessages: true }).run();
    expect(keeping.memberStates).toBe(forgetting.memberStates);
    expect(keeping.messages).toBe(forgetting.messages);
    expect(keeping.states).toBeGreaterThan(forgetting.states);
  });

  it("R1: finds that a disk which forgets a vote lets its member vote twice", () => {
    const disk = { hardState: (synced: HardState) => ({ ...synced, vote: NONE }) };
    const { violation } = new Search({ ...ONE_TERM, crashes: 1, disk }).run();
    expect(violation?.reason).toMatch(/^R1: member \d votes twice in term 1/);
    expect(violation?.path.join("\n")).toMatch(/^1 times out\n(.*\n)*\d crashes and restarts\n/);
  });

  it("R3: finds that a disk which loses its last entry elects a leader without what was committed", () => {
    const disk = { lastIndex: (synced: Index) => Math.max(0, synced - 1) };
    const { violation } = new Search({ ...ONE_TERM, terms: 2, crashes: 1, disk }).run();
    expect(violation?.reason).toMatch(/^R3: leader \d of term 2 lacks entry 1/);
    expect(violation?.path.join("\n")).toMatch(/crashes and restarts\n/);
  });
});
