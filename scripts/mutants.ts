// Shows that the simulation bites: each patch in packages/raft/mutants breaks one rule of Raft in a copy of
// the sources, and must be caught within the number of seeds that its head states. A patch that does not
// apply, a copy that does not run, an unbroken copy that is "caught" and a mutant that survives all fail
// the run. `npm run sim:mutants [-- NAME…]` prints a table with the seed that caught each.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const patches = join(root, "packages/raft/mutants");
/** Seeds that the unbroken copy must pass. */
const CONTROL_SEEDS = 60;

interface Mutant {
  readonly name: string;
  readonly path: string;
  readonly breaks: string;
  readonly rules: string;
  readonly seeds: number;
}

type Verdict =
  | { readonly kind: "caught"; readonly seed: number; readonly how: string }
  | { readonly kind: "survived" }
  | { readonly kind: "not-run"; readonly how: string };

function readMutant(path: string): Mutant {
  const text = readFileSync(path, "utf8");
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`${path}: its head says nothing of "${name}"`);
    return value;
  };
  const name = basename(path, ".patch");
  return {
    name,
    path,
    breaks: field("breaks"),
    rules: field("rules"),
    seeds: Number(field("seeds")),
  };
}

/** A scratch copy that finds its packages where the original does. */
function copySources(scratch: string, of: string): string {
  const copy = join(scratch, of);
  const modules = join(copy, "node_modules");
  for (const folder of ["scripts", "node_modules/@ashlar"]) {
    mkdirSync(join(copy, folder), { recursive: true });
  }
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@ashlar") symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  cpSync(join(root, "packages/raft/src"), join(copy, "packages/raft/src"), { recursive: true });
  for (const file of ["scripts/raft-sim.ts", "package.json", "packages/raft/package.json"]) {
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, "packages/core"), join(modules, "@ashlar/core"));
  symlinkSync(join(copy, "packages/raft"), join(modules, "@ashlar/raft"));
  return copy;
}

function simulate(copy: string, seeds: number): Verdict {
  const args = ["--conditions=ashlar-source", "scripts/raft-sim.ts", "--seeds", String(seeds)];
  const tsx = join(root, "node_modules/.bin/tsx");
  const { status, stdout, stderr } = spawnSync(tsx, args, { cwd: copy, encoding: "utf8" });
  const broken = /^broken: seed (\d+), \d members: (.*)/m.exec(stdout);
  if (broken) return { kind: "caught", seed: Number(broken[1]), how: broken[2] ?? "" };
  // What never happened in a mutant's run is not its rule's business.
  const ended = /^runs \d+ /m.test(stdout);
  return ended ? { kind: "survived" } : { kind: "not-run", how: `exit ${status}: ${stderr}` };
}

function runMutant(scratch: string, { name, path, seeds }: Mutant): Verdict {
  const copy = copySources(scratch, name);
  const apply = spawnSync("git", ["apply", path], {
    cwd: copy,
    encoding: "utf8",
    // The copy is in no repository, be the scratch folder where it may.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: scratch },
  });
  if (apply.status !== 0) return { kind: "not-run", how: `does not apply: ${apply.stderr}` };
  return simulate(copy, seeds);
}

function say(verdict: Verdict): string {
  switch (verdict.kind) {
    case "caught":
      return `seed ${verdict.seed}: ${verdict.how}`;
    case "survived":
      return "SURVIVED";
    case "not-run":
      return `NOT RUN: ${verdict.how}`;
  }
}

const wanted = process.argv.slice(2);
const mutants = readdirSync(patches)
  .filter((file) => file.endsWith(".patch"))
  .map((file) => readMutant(join(patches, file)))
  .filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const scratch = mkdtempSync(join(tmpdir(), "raft-mutants-"));
try {
  const control = simulate(copySources(scratch, "control"), CONTROL_SEEDS);
  if (control.kind !== "survived") throw new Error(`the unbroken copy: ${say(control)}`);
  console.log(`unbroken: ${CONTROL_SEEDS} seeds passed`);
  let caught = 0;
  for (const mutant of mutants) {
    const verdict = runMutant(scratch, mutant);
    if (verdict.kind === "caught") caught += 1;
    const { name, seeds, rules, breaks } = mutant;
    console.log(`${name.padEnd(34)} | ${breaks} | ${rules}, ${seeds} seeds | ${say(verdict)}`);
  }
  console.log(`${caught} of ${mutants.length} mutants caught`);
  process.exitCode = caught === mutants.length && caught > 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
