import { expect, test } from "vitest";
import {
  checkDeadFiles,
  checkFileSizes,
  checkFunctionSizes,
  checkMetricNames,
  checkNames,
  checkOpenings,
  checkPurity,
  checkReadmes,
  checkWords,
} from "./shape.ts";
import type { PackageFolder } from "./sources.ts";

const at = (text: string, path = "packages/core/src/a.ts") => [{ path, text }];
const lines = (count: number): string => "let a = 1;\n".repeat(count);
const folder = (name: string, ...texts: (readonly [file: string, text: string])[]) => ({
  packages: [
    {
      name,
      dependencies: [],
      externals: [],
      references: [],
      readme: "# other\n",
      sources: texts.map(([file, text]) => ({ path: `packages/${name}/src/${file}`, text })),
    } satisfies PackageFolder,
  ],
});

test("long files and functions are found, short ones are not", () => {
  expect(checkFileSizes(at(lines(401)))).toHaveLength(1);
  expect(checkFileSizes(at(lines(400)))).toHaveLength(0);
  expect(checkFunctionSizes(at(`function f() {\n${lines(69)}}\n`))).toHaveLength(1);
  expect(checkFunctionSizes(at(`function f() {\n${lines(68)}}\n`))).toHaveLength(0);
  expect(checkFunctionSizes(at(`describe("x", () => {\n${lines(99)}});\n`))).toHaveLength(0);
});

test("a long file without an opening comment is found", () => {
  expect(checkOpenings(at(lines(61)))).toHaveLength(1);
  expect(checkOpenings(at(`// why\n${lines(61)}`))).toHaveLength(0);
});

test("names that say nothing are found", () => {
  expect(checkNames(at("export class DiskManager {}"))).toHaveLength(1);
  expect(checkNames(at("export interface DiskDriver {}"))).toHaveLength(0);
});

test("forbidden words are found", () => {
  expect(checkWords(at("// TODO later"))).toHaveLength(1);
  expect(checkWords(at("// TODO(#7) later"))).toHaveLength(0);
  expect(checkWords(at('it.skip("x")'))).toHaveLength(1);
  expect(checkWords(at("// @ts-ignore"))).toHaveLength(1);
  expect(checkWords(at("// see design.md"))).toHaveLength(1);
  expect(checkWords(at("// see ARCHITECTURE.md"))).toHaveLength(0);
});

test("impure code in a pure package is found, its comments are not", () => {
  expect(checkPurity(folder("iscsi", ["a.ts", "const f = async () => {};"]))).toHaveLength(1);
  expect(checkPurity(folder("iscsi", ["a.ts", "Math.random();"]))).toHaveLength(1);
  expect(checkPurity(folder("iscsi", ["a.ts", "// no await here"]))).toHaveLength(0);
  expect(checkPurity(folder("store", ["a.ts", "const f = async () => {};"]))).toHaveLength(0);
});

test("a file that nothing imports is found", () => {
  const dead = checkDeadFiles(
    folder("store", ["index.ts", 'export { a } from "./a.ts";'], ["a.ts", ""], ["b.ts", ""]),
  );
  expect(dead.map(({ path }) => path)).toEqual(["packages/store/src/b.ts"]);
});

test("a readme with another heading is found", () => {
  expect(checkReadmes(folder("store"))).toHaveLength(1);
});

test("metrics are named after their package and end in their unit", () => {
  const metric = (text: string) => checkMetricNames(folder("store", ["a.ts", text]));
  expect(metric('"ashlar_volume_free_bytes"')).toHaveLength(1);
  expect(metric('"ashlar_store_free_bytes", "ashlar_process_x"')).toHaveLength(0);
  expect(metric('new Counter({\n  name: "ashlar_store_batches",')).toHaveLength(1);
  expect(metric('new Counter({\n  name: "ashlar_store_batches_total",')).toHaveLength(0);
});
