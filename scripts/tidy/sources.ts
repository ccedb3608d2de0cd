// What the tidy rules look at: the workspace's packages and their TypeScript sources, read once.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

export interface SourceFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface PackageFolder {
  /** Name without the scope: `core`. */
  readonly name: string;
  /** Names of the workspace packages it declares, without the scope. */
  readonly dependencies: readonly string[];
  /** Names of other packages it declares. */
  readonly externals: readonly string[];
  /** Workspace packages its tsconfig references. */
  readonly references: readonly string[];
  readonly readme: string;
  readonly sources: readonly SourceFile[];
}

export interface Workspace {
  readonly packages: readonly PackageFolder[];
  /** Sources outside packages: scripts, test. */
  readonly others: readonly SourceFile[];
}

/** One breach of a rule, printed as `path: message`. */
export interface Finding {
  readonly path: string;
  readonly message: string;
}

const SCOPE = "@ashlar/";
const SKIPPED = new Set(["node_modules", "dist", "bundle", "gen"]);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function readSources(root: string, folder: string): SourceFile[] {
  const start = join(root, folder);
  if (!statSync(start, { throwIfNoEntry: false })) return [];
  return filesBelow(start).map((path) => ({
    path: relative(root, path),
    text: readFileSync(path, "utf8"),
  }));
}

function readPackage(root: string, name: string): PackageFolder {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const config = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8"));
  const declared = Object.keys(manifest.dependencies ?? {});
  return {
    name,
    dependencies: declared
      .filter((dependency) => dependency.startsWith(SCOPE))
      .map((dependency) => dependency.slice(SCOPE.length)),
    externals: declared.filter((dependency) => !dependency.startsWith(SCOPE)),
    references: (config.references ?? []).map((reference: { path: string }) =>
      reference.path.replace("../", ""),
    ),
    readme: readFileSync(join(folder, "README.md"), "utf8"),
    sources: readSources(root, join("packages", name, "src")),
  };
}

export function readWorkspace(root: string): Workspace {
  const names = readdirSync(join(root, "packages")).sort();
  return {
    packages: names.map((name) => readPackage(root, name)),
    others: [...readSources(root, "scripts"), ...readSources(root, "test")],
  };
}

export const isTest = (path: string): boolean =>
  path.endsWith(".test.ts") || path.includes("/testing/") || path.includes("/testdata/");
