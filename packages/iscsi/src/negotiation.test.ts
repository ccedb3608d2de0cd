import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultParameters, negotiate } from "./negotiation.ts";
import { formatText, KEY, parseText, type TextPair } from "./text.ts";

const NORMAL = { discovery: false, authMethod: "None" } as const;
const DISCOVERY = { ...NORMAL, discovery: true } as const;

const answer = (key: string, offer: string): string | undefined =>
  negotiate([[key, offer]], defaultParameters(), NORMAL)[0]?.[1];

test.each([
  [KEY.headerDigest, "CRC32C,None", "CRC32C"],
  [KEY.headerDigest, "None,CRC32C", "None"],
  [KEY.headerDigest, "MD5", "Reject"],
  [KEY.maxBurstLength, "16776192", "1048576"],
  [KEY.maxBurstLength, "0x200", "512"],
  [KEY.maxBurstLength, "511", "Reject"],
  [KEY.maxBurstLength, "16777216", "Reject"],
  [KEY.firstBurstLength, "262144", "65536"],
  [KEY.initialR2t, "No", "Yes"],
  [KEY.immediateData, "No", "No"],
  [KEY.immediateData, "yes", "Reject"],
  [KEY.defaultTime2Wait, "2", "2"],
  [KEY.defaultTime2Retain, "0", "0"],
  [KEY.errorRecoveryLevel, "2", "0"],
  [KEY.maxRecvDataSegmentLength, "65536", "262144"],
  [KEY.ifMarker, "No", "No"],
  [KEY.taskReporting, "FastAbort,RFC3720", "RFC3720"],
  ["X-org.example.a", "1", "NotUnderstood"],
])("%s=%s is answered %s", (key, offer, expected) => {
  expect(answer(key, offer)).toBe(expected);
});

test("declarations take no answer, keys of normal sessions are irrelevant to discovery", () => {
  expect(answer(KEY.initiatorName, "iqn.a")).toBeUndefined();
  const offers: TextPair[] = [
    [KEY.maxBurstLength, "65536"],
    [KEY.defaultTime2Wait, "2"],
  ];
  expect(negotiate(offers, defaultParameters(), DISCOVERY)).toEqual([
    [KEY.maxBurstLength, "Irrelevant"],
    [KEY.defaultTime2Wait, "2"],
  ]);
});

test("the first burst never exceeds the burst", () => {
  const parameters = defaultParameters();
  negotiate([[KEY.maxBurstLength, "4096"]], parameters, NORMAL);
  expect(parameters).toMatchObject({ maxBurstLength: 4096, firstBurstLength: 4096 });
});

test("whatever is offered, every key but declarations is answered once and in order", () => {
  const declared: readonly string[] = [
    KEY.initiatorName,
    KEY.initiatorAlias,
    KEY.sessionType,
    KEY.targetName,
  ];
  const keys = fc.oneof(fc.constantFrom(...Object.values(KEY)), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.string())), (offers) => {
      const answered = negotiate(offers, defaultParameters(), NORMAL).map(([key]) => key);
      expect(answered).toEqual(offers.map(([key]) => key).filter((key) => !declared.includes(key)));
    }),
  );
});

test("text survives the wire; pad bytes and a missing last NUL do no harm", () => {
  const words = fc.stringMatching(/^[A-Za-z0-9:.,-]{1,20}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(words, words)), (pairs) => {
      const text = formatText(pairs);
      expect(parseText(text)).toEqual(pairs);
      expect(parseText([...text, Buffer.alloc(3)])).toEqual(pairs);
    }),
  );
  expect(parseText([Buffer.from("A=1\0B=2")])).toEqual([
    ["A", "1"],
    ["B", "2"],
  ]);
  for (const bad of ["novalue", "=1", `${"k".repeat(64)}=1`]) {
    expect(parseText([Buffer.from(bad)])).toBeUndefined();
  }
});
