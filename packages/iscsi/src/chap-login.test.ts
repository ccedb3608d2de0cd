// Logins that must prove who they are (RFC 7143, 12.1.3): all that is right, and all that is not.
import { soaked } from "@ashlar/core/testing";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { LOGIN_STATUS, STAGE } from "./opcode.ts";
import {
  ASK_MUTUAL,
  CHAP_HOST,
  type ChapHost,
  hashOf,
  MUTUAL,
  ONE_WAY,
  openHost,
} from "./testing/chap-host.ts";
import type { TextPair } from "./text.ts";

const golden = (host: ChapHost, name: string): Promise<void> =>
  expect(host.script.transcript).toMatchFileSnapshot(`testdata/${name}.txt`);

const hex = (bytes: Buffer): string => `0x${bytes.toString("hex")}`;

describe("a host that knows its secret logs in", () => {
  it.each([
    ["5", "5", 16],
    ["6", "6", 20],
    ["7", "7", 32],
    ["8", "8", 32],
    ["8,7,6,5", "8", 32],
    ["5,8", "5", 16],
    ["1,0x5,05,x,,7", "7", 32],
  ])("with CHAP_A=%s, by algorithm %s", async (offer, chosen, length) => {
    const host = openHost();
    const challenge = await host.challenged(offer);
    expect(challenge.get("CHAP_A")).toBe(chosen);
    expect(challenge.get("CHAP_C")).toHaveLength(2 + 2 * length);
    await host.prove(challenge);
    expect(host.loggedIn).toBe(false);
    await host.finish();
    expect(host.loggedIn).toBe(true);
  });

  it("straight to the full-feature phase, or with a rest between", async () => {
    const straight = openHost();
    const challenge = await straight.challenged();
    const response = hex(hashOf(challenge, CHAP_HOST.initiator.secret));
    const proof: readonly TextPair[] = [
      ["CHAP_R", response],
      ["CHAP_N", CHAP_HOST.initiator.name],
    ];
    await straight.send(proof, { transit: true, nsg: STAGE.fullFeature });
    expect(straight.loggedIn).toBe(true);

    const resting = openHost();
    const again = await resting.challenged();
    await resting.send([
      ["CHAP_N", CHAP_HOST.initiator.name],
      ["CHAP_R", hex(hashOf(again, CHAP_HOST.initiator.secret))],
    ]);
    await resting.send([]);
    await resting.send([], { transit: true });
    await resting.finish();
    expect(resting.loggedIn).toBe(true);
  });

  it("with a response in base64, in keys that a PDU continues", async () => {
    const host = openHost();
    const challenge = await host.challenged();
    const response = hashOf(challenge, CHAP_HOST.initiator.secret).toString("base64");
    const text = `CHAP_N=${CHAP_HOST.initiator.name}\0CHAP_R=0B${response}\0`;
    await host.send([], { continued: true, data: [Buffer.from(text.slice(0, 20))] });
    await host.send([], { transit: true, data: [Buffer.from(text.slice(20))] });
    await host.finish();
    expect(host.loggedIn).toBe(true);
  });

  it.each(["0x686f7374", "0bSG9zdA==", "host,a", "höst"])("as %j, verbatim", async (name) => {
    const initiator = { name, secret: CHAP_HOST.initiator.secret };
    const host = openHost({ authentication: { initiator, target: undefined } });
    await host.prove(await host.challenged(), { name });
    await host.finish();
    expect(host.loggedIn).toBe(true);
  });

  it("when it proposes the next stage at once, or offers AuthMethod late", async () => {
    const eager = openHost();
    await eager.offer("None,CHAP", { transit: true });
    await eager.prove(await eager.send([["CHAP_A", "5"]], { transit: true }));
    await eager.finish();
    expect(eager.loggedIn).toBe(true);

    const late = openHost();
    await late.offer(undefined);
    await late.send([["AuthMethod", "CHAP"]]);
    await late.prove(await late.send([["CHAP_A", "5"]]));
    await late.finish();
    expect(late.loggedIn).toBe(true);
  });

  it("for discovery, which is proven by itself", async () => {
    const host = openHost({ authentication: ONE_WAY }, { discovery: true });
    await host.prove(await host.challenged());
    await host.finish();
    expect(host.status).toBe(LOGIN_STATUS.success);
    const other = openHost({ authentication: ONE_WAY }, { discovery: true });
    await other.offer("None");
    expect(other.status).toBe(LOGIN_STATUS.authenticationFailure);
  });

  it("and offers CHAP in vain where nothing need be proven", async () => {
    const host = openHost({});
    const answers = await host.offer("CHAP,None", { transit: true });
    expect(answers.get("AuthMethod")).toBe("None");
    await host.finish();
    expect(host.loggedIn).toBe(true);
  });
});

describe("mutual", () => {
  it.each(["5", "6", "7", "8"])("the target proves itself by algorithm %s", async (algorithm) => {
    const host = openHost({ authentication: MUTUAL });
    const answers = await host.prove(await host.challenged(algorithm), {}, ASK_MUTUAL);
    const asked = new Map(ASK_MUTUAL);
    expect(answers.get("CHAP_N")).toBe(CHAP_HOST.target.name);
    expect(answers.get("CHAP_R")).toBe(hex(hashOf(asked, CHAP_HOST.target.secret, algorithm)));
    await host.finish();
    expect(host.loggedIn).toBe(true);
  });

  it("the target says nothing of itself unless asked", async () => {
    const host = openHost({ authentication: MUTUAL });
    expect([...(await host.prove(await host.challenged()))]).toEqual([]);
  });
});

describe("redirection", () => {
  const address = "192.0.2.7:3261";

  it("answers the first request where nothing is to be proven", async () => {
    const host = openHost({ lookup: { kind: "redirect", address, authentication: undefined } });
    await host.offer("None", { transit: true });
    expect(host.script.closed).toBe("redirected");
    await golden(host, "login-redirect");
  });

  it("comes after the proof where there is one", async () => {
    const lookup = { kind: "redirect", address, authentication: MUTUAL } as const;
    const host = openHost({ lookup });
    const challenge = await host.challenged();
    expect(host.script.transcript).not.toContain(address);
    await host.prove(challenge, {}, ASK_MUTUAL);
    expect(host.script.closed).toBe("redirected");
    await golden(host, "login-chap-redirect");
  });

  it("is not told to whom proves nothing", async () => {
    const lookup = { kind: "redirect", address, authentication: ONE_WAY } as const;
    const host = openHost({ lookup });
    await host.prove(await host.challenged(), { secret: "guess" });
    expect(host.status).toBe(LOGIN_STATUS.authenticationFailure);
    expect(host.script.transcript).not.toContain(address);
  });
});

test("a login by mutual CHAP, as open-iscsi does it", async () => {
  const host = openHost({ authentication: MUTUAL });
  await host.prove(await host.challenged("7,5"), {}, ASK_MUTUAL);
  await host.finish();
  await golden(host, "login-chap");
});

describe("whatever keys an initiator sends", () => {
  const KEYS = ["AuthMethod", "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R", "HeaderDigest"];
  /** `$` stands for what the host makes of the last challenge. */
  const value = fc.oneof(
    fc.constantFrom("CHAP", "None", "CHAP,None", "5", "8,7", "host-a", "1", "0x00", "0bAA=="),
    fc.constantFrom("$challenge", "$wrong", "$right"),
    fc.string({ maxLength: 20 }),
  );
  const request = fc.record({
    transit: fc.boolean(),
    csg: fc.constantFrom(STAGE.security, STAGE.security, STAGE.operational),
    nsg: fc.constantFrom(STAGE.operational, STAGE.fullFeature),
    pairs: fc.oneof(
      fc.constantFrom<readonly TextPair[]>(
        [["AuthMethod", "CHAP"]],
        [["CHAP_A", "5"]],
        [
          ["CHAP_N", "host-a"],
          ["CHAP_R", "$right"],
        ],
        [
          ["CHAP_N", "host-a"],
          ["CHAP_R", "$wrong"],
        ],
        [],
      ),
      fc.array(fc.tuple(fc.constantFrom(...KEYS), value), { maxLength: 4 }),
    ),
  });

  it("nothing is thrown, and no session opens without the right response", async () => {
    let opened = 0;
    const run = async (
      requests: readonly {
        transit: boolean;
        csg: number;
        nsg: number;
        pairs: readonly TextPair[];
      }[],
    ): Promise<void> => {
      const host = openHost({ authentication: MUTUAL });
      let challenge = await host.offer("CHAP");
      let proven = false;
      for (const { pairs, ...fields } of requests) {
        if (host.script.closed || host.loggedIn) break;
        const made: Record<string, string> = {
          $challenge: challenge.get("CHAP_C") ?? "",
          $wrong: hex(hashOf(challenge, "guess")),
          $right: hex(hashOf(challenge, CHAP_HOST.initiator.secret)),
        };
        proven ||= challenge.has("CHAP_C") && pairs.some(([, text]) => text === "$right");
        const sent = pairs.map(([key, text]): TextPair => [key, made[text] ?? text]);
        const answers = await host.send(sent, fields);
        if (answers.has("CHAP_C")) challenge = answers;
      }
      if (!host.loggedIn) return;
      opened += 1;
      expect(proven).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.array(request, { maxLength: 6 }), run), {
      numRuns: soaked(1000),
      examples: [
        [
          [
            { transit: false, csg: 0, nsg: 1, pairs: [["CHAP_A", "5"]] },
            {
              transit: true,
              csg: 0,
              nsg: 3,
              pairs: [
                ["CHAP_N", "host-a"],
                ["CHAP_R", "$right"],
              ],
            },
          ],
        ],
      ],
    });
    expect(opened).toBeGreaterThan(0);
  });
});
