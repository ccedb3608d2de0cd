import { expect, test } from "vitest";
import { SystemError } from "./errors.ts";
import { PartEnds } from "./parts.ts";

const reserved = new SystemError("volume/reserved", "another host has it");
const lost = new SystemError("chunk/unavailable", "nobody says");

test.each([
  ["all were done", [undefined, undefined], undefined],
  ["all were refused", [reserved, reserved], "volume/reserved"],
  ["one was done before", [undefined, reserved], "cluster/unavailable"],
  ["one was done after", [reserved, undefined], "cluster/unavailable"],
  ["one may have been done", [reserved, lost], "cluster/unavailable"],
  ["one was lost first", [lost, reserved], "chunk/unavailable"],
])("P11: a command is in conflict only when no part was done: %s", (_what, ends, code) => {
  const all = new PartEnds();
  for (const reason of ends) {
    all.add(reason ? { status: "rejected", reason } : { status: "fulfilled", value: undefined });
  }
  expect(all.hasFailed).toBe(code !== undefined);
  if (code === undefined) all.settle();
  else expect(() => all.settle()).toThrow(expect.objectContaining({ code }));
});
