import { SystemError } from "@ashlar/core";
import { expect, test } from "vitest";
import { resultOfError } from "./error-sense.ts";
import { STATUS } from "./sense.ts";

test("trouble in the cluster is BUSY, and says that nothing was decided", () => {
  for (const code of ["chunk/unavailable", "rpc/disconnected", "chunk/not-active"] as const) {
    const result = resultOfError(new SystemError(code, "trouble"));
    expect(result.status).toBe(STATUS.busy);
    expect(result.fateUnknown).toBeUndefined();
  }
});

test("a fate that nobody knows is told as such, so that no status is sent for it", () => {
  const result = resultOfError(new SystemError("operation/timeout", "fate unknown"));
  expect(result.fateUnknown).toBe(true);
});
