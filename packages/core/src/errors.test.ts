import { expect, test } from "vitest";
import { assert, assertNever, present } from "./assert.ts";
import { hasCode, isErrorCode, SystemError, toSystemError } from "./errors.ts";

test("what catch gives becomes one SystemError and keeps its cause", () => {
  const error = new SystemError("volume/not-found", "no volume", { volume: "a" });
  expect(toSystemError(error)).toBe(error);
  const cause = new Error("broken pipe");
  expect(toSystemError(cause, "rpc/disconnected")).toMatchObject({
    code: "rpc/disconnected",
    message: "broken pipe",
    cause,
  });
  expect(toSystemError("text")).toMatchObject({ code: "internal", message: "text" });
});

test("codes are known by name", () => {
  expect(isErrorCode("volume/not-found")).toBe(true);
  expect(isErrorCode("volume/lost")).toBe(false);
  expect(hasCode(new SystemError("internal", ""), "internal")).toBe(true);
  expect(hasCode(new Error("internal"), "internal")).toBe(false);
});

test("a broken invariant throws, and says which", () => {
  expect(() => assert(false, "K4")).toThrow("K4");
  expect(() => present(undefined, "a leader")).toThrow("a leader");
  expect(present(0, "zero is a value")).toBe(0);
  expect(() => assertNever("x" as never)).toThrow('unexpected variant: "x"');
});
