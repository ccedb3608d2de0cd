// The initiator's CHAP against a target played by hand: right, and wrong in each way.
import { createHash } from "node:crypto";
import { parseText, type TextPair } from "@ashlar/iscsi";
import { describe, expect, it } from "vitest";
import { ScriptedTarget } from "../testing/scripted-target.ts";
import type { LoginProof } from "./initiator-security.ts";

const ONE_WAY: LoginProof = {
  initiator: { name: "host-a", secret: "secret of host a" },
  target: undefined,
  algorithms: [8, 7, 6, 5],
  randomBytes: (length) => Buffer.alloc(length, 7),
};
const MUTUAL: LoginProof = { ...ONE_WAY, target: { name: "ashlar", secret: "secret of ashlar" } };

const CHALLENGE = "00112233445566778899aabbccddeeff";

const hashed = (hash: string, identifier: number, secret: string, challenge: Buffer): string =>
  createHash(hash).update(Buffer.of(identifier)).update(secret).update(challenge).digest("hex");

/** A target that was offered CHAP. */
function begin(proof: LoginProof): ScriptedTarget {
  const target = new ScriptedTarget({ proof });
  target.take(target.machine.start());
  return target;
}

const STAY = { transit: false, nsg: 0 } as const;

/** Pairs of the one request that arrived. */
const asked = (target: ScriptedTarget): Map<string, string> =>
  new Map(parseText(target.only("loginRequest").data));

function challenge(target: ScriptedTarget, keys: readonly TextPair[] = []): void {
  target.replyLogin([["AuthMethod", "CHAP"]], STAY);
  target.sent();
  const pairs = new Map([
    ["CHAP_A", "5"],
    ["CHAP_I", "0x2a"],
    ["CHAP_C", `0x${CHALLENGE}`],
    ...keys,
  ]);
  target.replyLogin([...pairs], STAY);
}

describe("CHAP of the initiator", () => {
  it.each([
    [5, "md5"],
    [6, "sha1"],
    [7, "sha256"],
    [8, "sha3-256"],
  ])("answers a challenge by algorithm %i", (number, hash) => {
    const target = begin(ONE_WAY);
    const first = target.only("loginRequest");
    expect(first).toMatchObject({ transit: false, csg: 0 });
    expect(new Map(parseText(first.data)).get("AuthMethod")).toBe("CHAP,None");
    target.replyLogin([["AuthMethod", "CHAP"]], STAY);
    expect(asked(target)).toEqual(new Map([["CHAP_A", "8,7,6,5"]]));
    target.replyLogin(
      [
        ["CHAP_A", String(number)],
        ["CHAP_I", "42"],
        ["CHAP_C", "0bABEiM0RVZneImaq7zN3u/w=="],
      ],
      STAY,
    );
    const answer = target.only("loginRequest");
    expect(answer).toMatchObject({ transit: true, csg: 0, nsg: 1 });
    const { name, secret } = ONE_WAY.initiator;
    const bytes = Buffer.from(CHALLENGE, "hex");
    expect(parseText(answer.data)).toEqual([
      ["CHAP_N", name],
      ["CHAP_R", `0x${hashed(hash, 42, secret, bytes)}`],
    ]);
    target.replyLogin([]);
    expect(target.only("loginRequest")).toMatchObject({ csg: 1, nsg: 3 });
  });

  it("has the target prove itself, by a challenge of its own", () => {
    const target = begin(MUTUAL);
    expect(asked(target).get("AuthMethod")).toBe("CHAP");
    challenge(target);
    const keys = asked(target);
    const ours = Buffer.from((keys.get("CHAP_C") ?? "").slice(2), "hex");
    expect(ours.length).toBe(16);
    const response = hashed("md5", Number(keys.get("CHAP_I")), "secret of ashlar", ours);
    target.replyLogin([
      ["CHAP_N", "ashlar"],
      ["CHAP_R", `0x${response}`],
    ]);
    expect(target.effects).toEqual([]);
    expect(target.only("loginRequest")).toMatchObject({ csg: 1, nsg: 3 });
  });

  it("goes on without when the target needs none", () => {
    const target = begin(ONE_WAY);
    target.sent();
    target.replyLogin([["AuthMethod", "None"]], STAY);
    expect(target.only("loginRequest")).toMatchObject({ csg: 0, nsg: 1, transit: true, data: [] });
    target.replyLogin([]);
    expect(target.only("loginRequest")).toMatchObject({ csg: 1, nsg: 3 });
  });

  const rightProof = (target: ScriptedTarget, secret = "secret of ashlar"): TextPair[] => {
    const keys = asked(target);
    const ours = Buffer.from((keys.get("CHAP_C") ?? "").slice(2), "hex");
    return [
      ["CHAP_N", "ashlar"],
      ["CHAP_R", `0x${hashed("md5", Number(keys.get("CHAP_I")), secret, ours)}`],
    ];
  };

  it.each<[what: string, LoginProof, run: (target: ScriptedTarget) => void, rule: RegExp]>([
    [
      "no AuthMethod in the answer",
      ONE_WAY,
      (target) => target.replyLogin([], STAY),
      /AuthMethod=undefined/,
    ],
    [
      "a method that was not offered",
      ONE_WAY,
      (target) => target.replyLogin([["AuthMethod", "KRB5"]], STAY),
      /AuthMethod=KRB5/,
    ],
    [
      "None where the target shall prove itself",
      MUTUAL,
      (target) => target.replyLogin([["AuthMethod", "None"]], STAY),
      /AuthMethod=None/,
    ],
    [
      "the next stage before the challenge",
      ONE_WAY,
      (target) => target.replyLogin([["AuthMethod", "CHAP"]]),
      /before all is proven/,
    ],
    [
      "an algorithm nobody knows",
      ONE_WAY,
      (target) => challenge(target, [["CHAP_A", "4"]]),
      /algorithm that was not offered/,
    ],
    [
      "an algorithm that was not offered",
      { ...ONE_WAY, algorithms: [7] },
      (target) => challenge(target),
      /algorithm that was not offered/,
    ],
    [
      "a challenge beyond 1024 bytes",
      ONE_WAY,
      (target) => challenge(target, [["CHAP_C", `0x${"00".repeat(1025)}`]]),
      /challenge is none/,
    ],
    [
      "no proof of its own",
      MUTUAL,
      (target) => {
        challenge(target);
        target.replyLogin([]);
      },
      /does not prove/,
    ],
    [
      "a proof by another secret",
      MUTUAL,
      (target) => {
        challenge(target);
        target.replyLogin(rightProof(target, "guess"));
      },
      /does not prove/,
    ],
    [
      "a proof under another name",
      MUTUAL,
      (target) => {
        challenge(target);
        const [, response = ["CHAP_R", ""] as const] = rightProof(target);
        target.replyLogin([["CHAP_N", "other"], response]);
      },
      /does not prove/,
    ],
  ])("ends a login with %s", (_what, proof, run, rule) => {
    const target = begin(proof);
    target.sent();
    run(target);
    expect(target.effects).toEqual([{ kind: "broken", rule: expect.stringMatching(rule) }]);
  });
});
