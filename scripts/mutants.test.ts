// The mutants follow the sources: who changes those meets a patch that no longer applies here, and not only
// in `npm run sim:mutants`, which shows that each is caught.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const patches = readdirSync(join(root, "packages")).flatMap((name) => {
  const folder = `packages/${name}/mutants`;
  const isThere = existsSync(join(root, folder));
  return isThere ? readdirSync(join(root, folder)).map((file) => `${folder}/${file}`) : [];
});

it.each(patches)("%s applies to the sources as they are", (patch) => {
  const { status, stderr } = spawnSync("git", ["apply", "--check", patch], {
    cwd: root,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
