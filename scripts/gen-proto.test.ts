import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the committed protobuf types are those of proto/", () => {
  const check = (): string =>
    execFileSync("node_modules/.bin/tsx", ["scripts/gen-proto.ts", "--check"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  expect(check).not.toThrow();
});
