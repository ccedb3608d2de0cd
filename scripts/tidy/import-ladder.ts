// The ladder of ARCHITECTURE.md as a table: what each package may import, of the workspace and from
// outside. A permission that nobody uses is a finding too, so the table stays the truth. Project
// references alone do not do this: an undeclared workspace import still compiles.
import { builtinModules } from "node:module";
import ts from "typescript";
import { type Finding, isTest, type PackageFolder, type Workspace } from "./sources.ts";

/** Lower rungs first: a package may declare only packages of rungs below its own. */
export const RUNGS: readonly (readonly string[])[] = [
  ["core"],
  ["reservations"],
  ["raft", "catalog", "replica", "scsi"],
  ["iscsi"],
  ["runtime"],
  ["rpc"],
  ["store", "volume", "initiator"],
  ["metadata", "storage", "gateway", "console", "supervisor"],
  ["lab"],
  ["bench"],
  ["cli"],
  ["sim"],
];

/** Packages whose product code does no I/O. */
export const PURE: ReadonlySet<string> = new Set([
  "core",
  "reservations",
  "raft",
  "catalog",
  "replica",
  "scsi",
  "iscsi",
]);

/** Rooms of pure packages for what computes and does no I/O: hashes, never random bytes. */
const COMPUTES: Readonly<Record<string, string>> = {
  "packages/iscsi/src/chap.ts": "node:crypto",
};

/** Where an external package may be imported: one room each, so that it can be replaced. */
export const EXTERNALS: Readonly<Record<string, readonly string[]>> = {
  "@node-rs/crc32": ["core"],
  pino: ["runtime"],
  "prom-client": ["runtime"],
  zod: ["runtime"],
  "@grpc/grpc-js": ["rpc"],
  "@grpc/proto-loader": ["rpc"],
  level: ["storage"],
  commander: ["cli"],
};

/** Test tools, allowed in tests and `testing` folders everywhere. */
const TEST_TOOLS: ReadonlySet<string> = new Set(["vitest", "fast-check"]);

export function importsOf(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push(node.moduleSpecifier.text);
    }
    if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      node.arguments[0] &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      found.push(node.arguments[0].text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

function rungOf(name: string): number {
  return RUNGS.findIndex((rung) => rung.includes(name));
}

function findingsOfManifest(folder: PackageFolder): Finding[] {
  const path = `packages/${folder.name}/package.json`;
  const findings: Finding[] = [];
  const rung = rungOf(folder.name);
  if (rung < 0) findings.push({ path, message: "package has no rung in the ladder" });
  for (const dependency of folder.dependencies) {
    if (rungOf(dependency) >= rung) {
      findings.push({ path, message: `${dependency} is not below ${folder.name} in the ladder` });
    }
  }
  const declared = [...folder.dependencies].sort().join(" ");
  if (declared !== [...folder.references].sort().join(" ")) {
    findings.push({ path, message: "dependencies and tsconfig references differ" });
  }
  for (const external of folder.externals) {
    if (!EXTERNALS[external]?.includes(folder.name)) {
      findings.push({ path, message: `external package ${external} is not allowed here` });
    }
  }
  return findings;
}

function judgeImport(folder: PackageFolder, path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    return specifier.endsWith(".ts") ? undefined : `write the extension: ${specifier}`;
  }
  if (specifier.startsWith("node:") || builtinModules.includes(specifier)) {
    const banned = PURE.has(folder.name) && !isTest(path) && COMPUTES[path] !== specifier;
    return banned ? `a pure package does no I/O: ${specifier}` : undefined;
  }
  const name = packageOf(specifier);
  if (TEST_TOOLS.has(name)) {
    return isTest(path) ? undefined : `${name} belongs to tests`;
  }
  if (name.startsWith("@ashlar/")) {
    if (specifier !== name && specifier !== `${name}/testing`) return `deep import: ${specifier}`;
    const known = folder.dependencies.includes(name.slice("@ashlar/".length));
    return known ? undefined : `undeclared package ${name}`;
  }
  return folder.externals.includes(name) ? undefined : `undeclared package ${name}`;
}

/** Imports against the declarations, declarations against the ladder, and stale declarations. */
export function checkImportLadder({ packages }: Pick<Workspace, "packages">): Finding[] {
  return packages.flatMap((folder) => {
    const findings = findingsOfManifest(folder);
    const used = new Set<string>();
    for (const { path, text } of folder.sources) {
      for (const specifier of importsOf(path, text)) {
        used.add(packageOf(specifier));
        const message = judgeImport(folder, path, specifier);
        if (message) findings.push({ path, message });
      }
    }
    const declared = [
      ...folder.dependencies.map((dependency) => `@ashlar/${dependency}`),
      ...folder.externals,
    ];
    for (const dependency of declared) {
      if (!used.has(dependency)) {
        const path = `packages/${folder.name}/package.json`;
        findings.push({ path, message: `${dependency} is declared and never imported` });
      }
    }
    return findings;
  });
}
