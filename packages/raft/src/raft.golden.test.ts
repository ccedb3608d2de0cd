// The golden scripts of testdata (their notice stands there), every file of the three folders: what a script
// shows of messages, entries and states must be what this package does. A file dropped in is run.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  canonicalLines,
  expectedDecision,
  factsOf,
  factsSaid,
  InteractionScript,
  MembershipScript,
  parseScript,
  runQuorumStanza,
  type Stanza,
} from "./testing/index.ts";

const TESTDATA = new URL("./testdata/", import.meta.url);

/** Interaction scripts that are not followed, each with its reason: at most three. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map();

function scriptsOf(folder: string): { name: string; stanzas: Stanza[] }[] {
  const url = new URL(`${folder}/`, TESTDATA);
  return readdirSync(url)
    .filter((name) => name.endsWith(".txt") && !LEFT_OUT.has(name))
    .map((name) => ({ name, stanzas: parseScript(readFileSync(new URL(name, url), "utf8")) }));
}

describe("quorum scripts", () => {
  it.each(scriptsOf("quorum"))("$name", ({ stanzas }) => {
    expect(stanzas.length).toBeGreaterThan(0);
    for (const stanza of stanzas) {
      expect(runQuorumStanza(stanza), `line ${stanza.line}`).toBe(expectedDecision(stanza));
    }
  });
});

describe("confchange scripts", () => {
  it.each(scriptsOf("confchange"))("$name", ({ stanzas }) => {
    expect(stanzas.length).toBeGreaterThan(0);
    const script = new MembershipScript();
    for (const stanza of stanzas) {
      expect(script.run(stanza), `line ${stanza.line}`).toEqual(stanza.expected);
    }
  });
});

describe("interaction scripts", () => {
  it.each(scriptsOf("interaction"))("$name", ({ stanzas }) => {
    expect(stanzas.length).toBeGreaterThan(0);
    const script = new InteractionScript();
    for (const stanza of stanzas) {
      const shown = canonicalLines(script.run(stanza));
      expect(shown, `line ${stanza.line}`).toEqual(canonicalLines(stanza.expected));
      const said = factsSaid(stanza.expected);
      const rafts = script.members.map(({ raft }) => raft);
      expect(factsOf(said, rafts), `line ${stanza.line}`).toEqual(said);
    }
  });

  it("leaves out three at most", () => {
    expect(LEFT_OUT.size).toBeLessThanOrEqual(3);
  });
});
