// Shows that simulations and searches bite: each patch in packages/PACKAGE/mutants breaks one rule in a copy
// of that package's sources, and must be caught: within the number of seeds that its head states, by
// scripts/PACKAGE-sim.ts, or in the scope that it names, by scripts/PACKAGE-search.ts. A patch that does not
// apply, a copy that does not run, an unbroken copy that is "caught" and a mutant that survives all fail the
// run. `npm run sim:mutants [-- PACKAGE | PACKAGE/NAME…]` prints a table that says what caught each.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
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
/** Seeds that the unbroken copy must pass. */
const CONTROL_SEEDS = 60;
/** A run that takes longer than this hangs. */
const RUN_MS_MAX = 1_800_000;

/** What must find it: a simulation within so many seeds, or the search of a scope. */
type Proof =
  | { readonly kind: "seeds"; readonly seeds: number }
  | { readonly kind: "scope"; readonly scope: string };

interface Mutant {
  readonly package: string;
  readonly name: string;
  readonly path: string;
  readonly breaks: string;
  readonly rules: string;
  readonly proof: Proof;
}

type Verdict =
  | { readonly kind: "caught"; readonly how: string }
  | { readonly kind: "survived" }
  | { readonly kind: "not-run"; readonly how: string };

function readMutant(of: string, path: string): Mutant {
  const text = readFileSync(path, "utf8");
  const [head = ""] = text.split(/^diff /m);
  const find = (name: string): string | undefined =>
    new RegExp(`^${name}: (.+)$`, "m").exec(head)?.[1];
  const field = (name: string): string => {
    const value = find(name);
    if (value === undefined) throw new Error(`${path}: its head says nothing of "${name}"`);
    return value;
  };
  const scope = find("scope");
  return {
    package: of,
    name: basename(path, ".patch"),
    path,
    breaks: field("breaks"),
    rules: field("rules"),
    proof: scope ? { kind: "scope", scope } : { kind: "seeds", seeds: Number(field("seeds")) },
  };
}

/** The mutants of every package that has any. */
function readMutants(): Mutant[] {
  return readdirSync(join(root, "packages")).flatMap((of) => {
    const folder = join(root, "packages", of, "mutants");
    if (!existsSync(folder)) return [];
    const patches = readdirSync(folder).filter((file) => file.endsWith(".patch"));
    return patches.map((file) => readMutant(of, join(folder, file)));
  });
}

/** A scratch copy of a package that finds its packages where the original does. */
function copySources(scratch: string, { package: of, name }: Pick<Mutant, "package" | "name">) {
  const copy = join(scratch, of, name);
  const modules = join(copy, "node_modules");
  mkdirSync(join(modules, "@ashlar"), { recursive: true });
  for (const module of readdirSync(join(root, "node_modules"))) {
    if (module !== "@ashlar")
      symlinkSync(join(root, "node_modules", module), join(modules, module));
  }
  for (const path of [`packages/${of}/src`, "scripts", "package.json"]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  const manifest = `packages/${of}/package.json`;
  cpSync(join(root, manifest), join(copy, manifest));
  const { dependencies } = JSON.parse(readFileSync(join(root, manifest), "utf8"));
  for (const dependency of Object.keys(dependencies)) {
    const [, other] = dependency.split("@ashlar/");
    if (other) symlinkSync(join(root, "packages", other), join(modules, dependency));
  }
  symlinkSync(join(copy, "packages", of), join(modules, "@ashlar", of));
  return copy;
}

function prove(copy: string, of: string, proof: Proof): Verdict {
  const [script, ...options] =
    proof.kind === "scope"
      ? [`scripts/${of}-search.ts`, "--scope", proof.scope]
      : [`scripts/${of}-sim.ts`, "--seeds", String(proof.seeds)];
  const tsx = join(root, "node_modules/.bin/tsx");
  const { status, stdout, stderr } = spawnSync(
    tsx,
    ["--conditions=ashlar-source", script, ...options],
    { cwd: copy, encoding: "utf8", timeout: RUN_MS_MAX },
  );
  const broken = /^broken: (.*)/m.exec(stdout);
  if (broken) return { kind: "caught", how: broken[1] ?? "" };
  // What never happened in a mutant's run is not its rule's business.
  const ended = /^runs \d+ /m.test(stdout);
  return ended ? { kind: "survived" } : { kind: "not-run", how: `exit ${status}: ${stderr}` };
}

function runMutant(scratch: string, mutant: Mutant): Verdict {
  const copy = copySources(scratch, mutant);
  const apply = spawnSync("git", ["apply", mutant.path], {
    cwd: copy,
    encoding: "utf8",
    // The copy is in no repository, be the scratch folder where it may.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: scratch },
  });
  if (apply.status !== 0) return { kind: "not-run", how: `does not apply: ${apply.stderr}` };
  return prove(copy, mutant.package, mutant.proof);
}

/** The unbroken copy passes everything that is asked of the mutants. */
function runControl(scratch: string, of: string, mutants: readonly Mutant[]): void {
  const copy = copySources(scratch, { package: of, name: "control" });
  const scopes = mutants.flatMap(({ proof }) => (proof.kind === "scope" ? [proof.scope] : []));
  const proofs: Proof[] = [
    { kind: "seeds", seeds: CONTROL_SEEDS },
    ...[...new Set(scopes)].map((scope) => ({ kind: "scope" as const, scope })),
  ];
  for (const proof of proofs) {
    const verdict = prove(copy, of, proof);
    const what = sayProof(proof);
    if (verdict.kind !== "survived") {
      throw new Error(`the unbroken ${of}, ${what}: ${say(verdict)}`);
    }
    console.log(`unbroken ${of}: ${what} passed`);
  }
}

const sayProof = (proof: Proof): string =>
  proof.kind === "scope" ? `scope "${proof.scope}"` : `${proof.seeds} seeds`;

function say(verdict: Verdict): string {
  switch (verdict.kind) {
    case "caught":
      return verdict.how;
    case "survived":
      return "SURVIVED";
    case "not-run":
      return `NOT RUN: ${verdict.how}`;
  }
}

const wanted = process.argv.slice(2);
const mutants = readMutants().filter(
  ({ package: of, name }) =>
    wanted.length === 0 || wanted.includes(of) || wanted.includes(`${of}/${name}`),
);
const scratch = mkdtempSync(join(tmpdir(), "mutants-"));
try {
  let caught = 0;
  for (const of of new Set(mutants.map((mutant) => mutant.package))) {
    const own = mutants.filter((mutant) => mutant.package === of);
    runControl(scratch, of, own);
    for (const mutant of own) {
      const verdict = runMutant(scratch, mutant);
      if (verdict.kind === "caught") caught += 1;
      const { name, proof, rules, breaks } = mutant;
      const what = `${rules}, ${sayProof(proof)}`;
      console.log(`${`${of}/${name}`.padEnd(44)} | ${breaks} | ${what} | ${say(verdict)}`);
    }
  }
  console.log(`${caught} of ${mutants.length} mutants caught`);
  process.exitCode = caught === mutants.length && caught > 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
