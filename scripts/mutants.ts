// Shows that simulations, searches and tests bite: each patch in packages/PACKAGE/mutants breaks one rule in a
// copy of the sources, and must be caught by what its head names:
//   seeds: N        the simulation of the package, scripts/PACKAGE-sim.ts, within so many seeds
//   scope: NAME     the search of that scope, scripts/PACKAGE-search.ts
//   cluster: A..B   the simulation of the whole cluster, scripts/sim.ts, within those seeds
//   reservations: A..B   the same, of hosts with reservations
//   tests: FILE     a test of that file, which lies within the package
// A patch that does not apply, a copy that does not run, an unbroken copy that is "caught" and a mutant that
// survives all fail the run. `npm run sim:mutants [-- PACKAGE | PACKAGE/NAME…]` prints a table that says what
// caught each, and in what time.
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
/** As in continuous integration, so that the whole cluster's seeds are known to pass. */
const CLUSTER_SECONDS = 20;
/** A run that takes longer than this hangs. */
const RUN_MS_MAX = 1_800_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Of the simulation of the whole cluster, by the names of fields. */
const WORKLOADS = [
  ["cluster", "blocks"],
  ["reservations", "reservations"],
] as const;

/** What must find it. */
type Proof =
  | { readonly kind: "seeds"; readonly seeds: number }
  | { readonly kind: "scope"; readonly scope: string }
  | {
      readonly kind: "cluster";
      readonly workload: "blocks" | "reservations";
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: "tests"; readonly file: string };

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
  return {
    package: of,
    name: basename(path, ".patch"),
    path,
    breaks: field("breaks"),
    rules: field("rules"),
    proof: readProof(find) ?? { kind: "seeds", seeds: Number(field("seeds")) },
  };
}

function readProof(find: (name: string) => string | undefined): Proof | undefined {
  const scope = find("scope");
  if (scope) return { kind: "scope", scope };
  const file = find("tests");
  if (file) return { kind: "tests", file };
  for (const [field, workload] of WORKLOADS) {
    const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(find(field) ?? "") ?? [];
    if (from && to) return { kind: "cluster", workload, from: Number(from), to: Number(to) };
  }
  return undefined;
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

/** A scratch copy of all packages, of which each finds the others where the originals do. */
function copySources(scratch: string, { package: of, name }: Pick<Mutant, "package" | "name">) {
  const copy = join(scratch, of, name);
  const modules = join(copy, "node_modules");
  mkdirSync(join(modules, "@ashlar"), { recursive: true });
  for (const module of readdirSync(join(root, "node_modules"))) {
    if (module !== "@ashlar")
      symlinkSync(join(root, "node_modules", module), join(modules, module));
  }
  const sources = ["scripts", "proto", "package.json", "vitest.config.ts"];
  for (const each of readdirSync(join(root, "packages"))) {
    sources.push(`packages/${each}/src`, `packages/${each}/package.json`);
    symlinkSync(join(copy, "packages", each), join(modules, "@ashlar", each));
  }
  // Without configurations of the compiler: each names packages that have none here.
  const filter = (path: string): boolean => basename(path) !== "tsconfig.json";
  for (const path of sources) {
    cpSync(join(root, path), join(copy, path), { recursive: true, filter });
  }
  return copy;
}

/** A program of the copy, and its options. */
function commandOf(of: string, proof: Proof): readonly string[] {
  const script = (name: string): string[] => ["tsx", "--conditions=ashlar-source", name];
  switch (proof.kind) {
    case "seeds":
      return [...script(`scripts/${of}-sim.ts`), "--seeds", String(proof.seeds)];
    case "scope":
      return [...script(`scripts/${of}-search.ts`), "--scope", proof.scope];
    case "cluster": {
      const { workload, from, to } = proof;
      const range = ["--from", String(from), "--seeds", String(to - from + 1)];
      const run = ["--seconds", String(CLUSTER_SECONDS), "--workload", workload];
      return [...script("scripts/sim.ts"), ...range, ...run];
    }
    case "tests": {
      const options = ["run", "--project", "unit", "--reporter", "json", "--bail", "1"];
      return ["vitest", ...options, `packages/${of}/${proof.file}`];
    }
  }
}

function prove(copy: string, of: string, proof: Proof): Verdict {
  const [program = "", ...options] = commandOf(of, proof);
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin", program), options, {
    cwd: copy,
    encoding: "utf8",
    // A change is looked at further here than in every test run.
    env: { ...process.env, ASHLAR_SOAK: "2" },
    timeout: RUN_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const broken = proof.kind === "tests" ? brokenTest(stdout) : /^broken: (.*)/m.exec(stdout)?.[1];
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  if (broken !== undefined) return { kind: "caught", how: `${broken} (${seconds} s)` };
  // What never happened in a mutant's run is not its rule's business.
  const ended = proof.kind === "tests" ? status === 0 : /^(runs|seeds) \d+/m.test(stdout);
  return ended ? { kind: "survived" } : { kind: "not-run", how: `exit ${status}: ${stderr}` };
}

interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The first test that failed. A file that does not even load has none. */
function brokenTest(report: string): string | undefined {
  if (!report.startsWith("{")) return undefined;
  const { testResults } = JSON.parse(report) as TestReport;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === "failed");
  if (!failed) return undefined;
  const [reason = ""] = failed.failureMessages[0]?.split("\n") ?? [];
  return `${failed.fullName}: ${reason}`;
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
  const proofs = new Map<string, Proof>();
  for (const { proof } of mutants) {
    const asked = proof.kind === "seeds" ? { ...proof, seeds: CONTROL_SEEDS } : proof;
    proofs.set(sayProof(asked), asked);
  }
  for (const [what, proof] of proofs) {
    const verdict = prove(copy, of, proof);
    if (verdict.kind !== "survived") {
      throw new Error(`the unbroken ${of}, ${what}: ${say(verdict)}`);
    }
    console.log(`unbroken ${of}: ${what} passed`);
  }
}

function sayProof(proof: Proof): string {
  switch (proof.kind) {
    case "seeds":
      return `${proof.seeds} seeds`;
    case "scope":
      return `scope "${proof.scope}"`;
    case "cluster":
      return `cluster seeds ${proof.from}..${proof.to} with ${proof.workload}`;
    case "tests":
      return `tests ${proof.file}`;
  }
}

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
