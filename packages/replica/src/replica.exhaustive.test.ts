// Every state that the replicas of one chunk can reach within small bounds, with P1, P3..P7, P15 and
// K1..K4 asked in each of them. The same search must find what is wrong when a disk or a driver breaks
// its word: else its silence would mean nothing.
import { SOAKS } from "@ashlar/core/testing";
import { describe, expect, it } from "vitest";
import type { Scope } from "./testing/exhaustive/scope.ts";
import { PLAIN, SCOPES, SCOPES_OF_MINUTES } from "./testing/exhaustive/scopes.ts";
import { Search } from "./testing/exhaustive/search.ts";

const timeout = SOAKS ? 7_200_000 : 600_000;

describe("P1, P3..P7, P15, K1..K4 in every state within the scope", { timeout }, () => {
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
  const crash: Scope = { ...PLAIN, epochs: 2, downs: 1, crashes: 1 };

  it("takes for the same state of a replica only what behaves the same", () => {
    const scope: Scope = { ...crash, replicas: 2, inSync: 2, reads: true };
    const { states } = new Search(scope).run();
    expect(new Search({ ...scope, proves: true }).run()).toMatchObject({ states });
  });

  it("P1: finds that a disk which loses its last entry loses what was acknowledged", () => {
    const { violation } = new Search({ ...crash, broken: "entryForgotten" }).run();
    expect(violation?.reason).toMatch(/^P1: node \d lacks 1\.1, which is committed/);
    expect(violation?.path.join("\n")).toMatch(/crashes with 0 of its writes done/);
  });

  it("P4: finds that a disk which forgets a promise lets a deposed primary go on", () => {
    const { violation } = new Search({ ...crash, broken: "promiseForgotten" }).run();
    expect(violation?.reason).toMatch(/^P4: a member in sync lacks what is committed/);
    expect(violation?.path.join("\n")).toMatch(/crashes with \d of its writes done/);
  });

  it("finds that a driver calls durable what is not", () => {
    const { violation } = new Search({ ...crash, broken: "toldBeforeDurable" }).run();
    expect(violation?.reason).toMatch(/before it is durable/);
  });
});
