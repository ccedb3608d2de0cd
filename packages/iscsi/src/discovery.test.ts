import { expect, test } from "vitest";
import type { TargetDirectory } from "./directory.ts";
import { sendTargets } from "./discovery.ts";

const HOST = "iqn.2026-11.test:a";
const ADDRESSES = ["192.0.2.1:3260,1", "[2001:db8::1]:3260,2"];

/** Each host sees one target of its own and one that all see. */
const directory: TargetDirectory = {
  list: (initiatorName) =>
    ["iqn.2026-11.test:shared", `${initiatorName}:own`].map((name) => ({
      name,
      addresses: ADDRESSES,
    })),
};

const namesIn = (value: string, initiatorName: string, ownTarget?: string): string[] =>
  sendTargets(value, directory, { initiatorName, ownTarget }).flatMap(([key, name]) =>
    key === "TargetName" ? [name] : [],
  );

test("SendTargets tells a host of the targets that it may see", () => {
  expect(namesIn("All", HOST)).toEqual(["iqn.2026-11.test:shared", `${HOST}:own`]);
  expect(namesIn(`${HOST}:OWN`, HOST)).toEqual([`${HOST}:own`]);
  expect(namesIn(`${HOST}:own`, "iqn.2026-11.test:b")).toEqual([]);
  expect(namesIn("All", HOST, `${HOST}:own`)).toEqual([`${HOST}:own`]);
  expect(namesIn("", HOST, "iqn.2026-11.test:shared")).toEqual(["iqn.2026-11.test:shared"]);
});

test("each target is followed by its addresses", () => {
  const pairs = sendTargets(`${HOST}:own`, directory, {
    initiatorName: HOST,
    ownTarget: undefined,
  });
  expect(pairs).toEqual([
    ["TargetName", `${HOST}:own`],
    ...ADDRESSES.map((address) => ["TargetAddress", address]),
  ]);
});
