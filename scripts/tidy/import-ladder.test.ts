import { expect, test } from "vitest";
import { checkImportLadder, importsOf } from "./import-ladder.ts";
import type { PackageFolder } from "./sources.ts";

const folder = (name: string, text: string, more: Partial<PackageFolder> = {}): PackageFolder => ({
  name,
  dependencies: [],
  externals: [],
  references: more.dependencies ?? [],
  readme: `# @ashlar/${name}\n`,
  sources: [{ path: `packages/${name}/src/index.ts`, text }],
  ...more,
});
const messages = (...packages: PackageFolder[]): string[] =>
  checkImportLadder({ packages }).map(({ message }) => message);

test("a package that keeps the rules gives no finding", () => {
  const good = folder("runtime", 'import "@ashlar/core"; import "pino"; import "node:fs";', {
    dependencies: ["core"],
    externals: ["pino"],
  });
  expect(messages(good)).toEqual([]);
});

test("an import of a higher rung is found", () => {
  const upward = folder("core", 'import "@ashlar/runtime";', { dependencies: ["runtime"] });
  expect(messages(upward)).toEqual(["runtime is not below core in the ladder"]);
});

test("two packages of one rung do not import each other", () => {
  const sideways = folder("storage", 'import "@ashlar/gateway";', { dependencies: ["gateway"] });
  expect(messages(sideways)).toEqual(["gateway is not below storage in the ladder"]);
});

test("undeclared, deep, external and impure imports are found", () => {
  expect(messages(folder("store", 'import "@ashlar/core";'))).toEqual([
    "undeclared package @ashlar/core",
  ]);
  const deep = folder("store", 'import "@ashlar/core/src/ids.ts";', { dependencies: ["core"] });
  expect(messages(deep)).toEqual(["deep import: @ashlar/core/src/ids.ts"]);
  const external = folder("store", 'import "pino";', { externals: ["pino"] });
  expect(messages(external)).toEqual(["external package pino is not allowed here"]);
  expect(messages(folder("scsi", 'import "node:fs";'))).toEqual([
    "a pure package does no I/O: node:fs",
  ]);
  expect(messages(folder("scsi", 'import "vitest";'))).toEqual(["vitest belongs to tests"]);
});

test("hashes are computed in one room of a pure package", () => {
  const hashing = (file: string): string[] => {
    const sources = [{ path: `packages/iscsi/src/${file}`, text: 'import "node:crypto";' }];
    return messages(folder("iscsi", "", { sources }));
  };
  expect(hashing("chap.ts")).toEqual([]);
  expect(hashing("login.ts")).toEqual(["a pure package does no I/O: node:crypto"]);
});

test("stale permissions are found", () => {
  const stale = folder("store", "export {};", { dependencies: ["core"] });
  expect(messages(stale)).toEqual(["@ashlar/core is declared and never imported"]);
  const unreferenced = folder("store", 'import "@ashlar/core";', {
    dependencies: ["core"],
    references: [],
  });
  expect(messages(unreferenced)).toEqual(["dependencies and tsconfig references differ"]);
});

test("all forms of import are seen", () => {
  const text = 'import a from "a"; export { b } from "b"; import type { c } from "c"; import("d");';
  expect(importsOf("x.ts", text)).toEqual(["a", "b", "c", "d"]);
});
