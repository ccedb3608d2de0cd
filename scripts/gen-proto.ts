// Generates the TypeScript types of proto/*.proto into packages/rpc/src/gen, which is committed, so
// that a build needs no generator. Run it after each change of a .proto file; with --check it changes
// nothing and fails when the committed files are not what it would write, as the unit tests ask.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const protoFolder = join(root, "proto");
const target = join(root, "packages/rpc/src/gen");

const OPTIONS = [
  "--longs=Number",
  "--enums=String",
  "--defaults",
  "--oneofs",
  "--grpcLib=@grpc/grpc-js",
  "--importFileExtension=.ts",
];

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Without the generator's unused imports, which our compiler flags refuse, and absolute paths. */
function tidied(text: string): string {
  const lines = text.replaceAll(protoFolder, "proto").split("\n");
  return lines
    .filter((line) => {
      const names = /^import type (?:\* as (\w+)|\{ (.+) \}) from/.exec(line);
      if (!names) return true;
      const rest = lines.filter((other) => other !== line).join("\n");
      const bound = (names[1] ?? names[2] ?? "").split(", ").map((name) => {
        return name.split(" as ").at(-1) ?? name;
      });
      return bound.some((name) => new RegExp(`\\b${name}\\b`).test(rest));
    })
    .join("\n");
}

function generate(folder: string): void {
  const protos = readdirSync(protoFolder).filter((name) => name.endsWith(".proto"));
  execFileSync(
    join(root, "node_modules/.bin/proto-loader-gen-types"),
    [...OPTIONS, `--includeDirs=${protoFolder}`, `--outDir=${folder}`, ...protos.sort()],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  for (const name of filesBelow(folder)) {
    const path = join(folder, name);
    // The files at the top describe whole packages for loaders that we do not use.
    if (name.includes("/")) writeFileSync(path, tidied(readFileSync(path, "utf8")));
    else rmSync(path);
  }
}

const scratch = mkdtempSync(join(tmpdir(), "ashlar-gen-"));
try {
  if (process.argv.includes("--check")) {
    generate(scratch);
    const wanted = filesBelow(scratch);
    const stale =
      wanted.join() !== filesBelow(target).join() ||
      wanted.some(
        (name) =>
          readFileSync(join(scratch, name), "utf8") !== readFileSync(join(target, name), "utf8"),
      );
    if (stale) {
      console.error("packages/rpc/src/gen is stale: run npx tsx scripts/gen-proto.ts");
      process.exitCode = 1;
    }
  } else {
    rmSync(target, { recursive: true, force: true });
    generate(target);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
