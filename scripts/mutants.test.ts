// The mutants follow the core: who changes it meets a patch that no longer applies here, and not only in
// `npm run sim:mutants`, which shows that each is caught.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "packages/raft/mutants";
const patches = readdirSync(join(root, folder));

it.each(patches)("%s applies to the core as it is", (patch) => {
  const args = ["apply", "--check", join(folder, patch)];
  const { status, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
