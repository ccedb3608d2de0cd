// Rules on the shape of the sources: sizes, openings, names, dead files, forbidden words. Each says
// what to do in its message; each is shown to bite by a bad example in shape.test.ts.
import { posix } from "node:path";
import ts from "typescript";
import { importsOf, PURE } from "./import-ladder.ts";
import { type Finding, isTest, type SourceFile, type Workspace } from "./sources.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
/** Files longer than this open with a comment that says why they exist. */
const OPENING_COMMENT_FROM_LINES = 60;
const BANNED_SUFFIX = /(?:Manager|Helper|Utils?|Common|Base|Impl|Info|Processor)$/;

const lineCount = (text: string): number => text.split("\n").length - 1;

export function checkFileSizes(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ text }) => lineCount(text) > FILE_LINES_MAX)
    .map(({ path, text }) => ({
      path,
      message: `${lineCount(text)} lines: a file holds one idea in ${FILE_LINES_MAX} at most`,
    }));
}

/** A list of exports explains itself, and a test stands beside what it tests. */
const opensItself = (path: string): boolean =>
  path.endsWith("/index.ts") || path.endsWith(".test.ts");

export function checkOpenings(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(
      ({ path, text }) =>
        !opensItself(path) &&
        lineCount(text) > OPENING_COMMENT_FROM_LINES &&
        !/^(#!.*\n)?\/[/*]/.test(text),
    )
    .map(({ path }) => ({ path, message: "a long file opens with a comment that says why" }));
}

function isNamedFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

/** A suite's callback is a list of tests, not a function that anyone must hold in mind. */
function isSuite(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

export function checkFunctionSizes(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const findings: Finding[] = [];
    const visit = (node: ts.Node): void => {
      if (isNamedFunction(node) && !isSuite(node) && !/-contract\.ts$/.test(path)) {
        const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
        const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
        if (last - first + 1 > FUNCTION_LINES_MAX) {
          const message = `function at line ${first + 1} has ${last - first + 1} lines, at most ${FUNCTION_LINES_MAX}`;
          findings.push({ path, message });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return findings;
  });
}

export function checkNames(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const findings: Finding[] = [];
    for (const statement of source.statements) {
      if (
        (ts.isClassDeclaration(statement) ||
          ts.isInterfaceDeclaration(statement) ||
          ts.isTypeAliasDeclaration(statement)) &&
        statement.name &&
        BANNED_SUFFIX.test(statement.name.text)
      ) {
        findings.push({ path, message: `${statement.name.text}: the suffix says nothing` });
      }
    }
    return findings;
  });
}

/** Words that have no place in the sources, with what to write instead. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))/, "name the issue, as in TODO(#7), or finish it"],
  [/\b(?:it|test|describe)\.(?:skip|todo|only)\b/, "no test is skipped, left open or run alone"],
  [/biome-ignore(?!.*: \S)/, "an ignored lint rule needs its reason"],
  [
    /\b(?!(?:README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|FORMAT)\.md)[\w-]+\.md\b/,
    "a document that is named stands in the repository",
  ],
  [/@ts-(?:ignore|nocheck|expect-error)/, "types are not silenced"],
];

export function checkWords(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => !path.startsWith("scripts/tidy/"))
    .flatMap(({ path, text }) =>
      FORBIDDEN.filter(([pattern]) => pattern.test(text)).map(([, message]) => ({ path, message })),
    );
}

export function checkPurity({ packages }: Pick<Workspace, "packages">): Finding[] {
  return packages
    .filter(({ name }) => PURE.has(name))
    .flatMap(({ name, sources }) =>
      sources
        .filter(({ path }) => !isTest(path))
        .flatMap(({ path, text }) => {
          const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
          const findings: Finding[] = [];
          if (/\bMath\.random\b/.test(code)) {
            findings.push({ path, message: "randomness is an argument of pure code" });
          }
          if (name !== "scsi" && /\basync\b|\bawait\b/.test(code)) {
            findings.push({ path, message: "pure code does not wait" });
          }
          return findings;
        }),
    );
}

/** Files that nothing imports and no process starts: every line in the tree is there for a reason. */
export function checkDeadFiles({ packages }: Pick<Workspace, "packages">): Finding[] {
  return packages.flatMap(({ name, sources }) => {
    const reached = new Set(
      ["index.ts", "testing/index.ts", "main.ts"].map((file) => `packages/${name}/src/${file}`),
    );
    for (const { path, text } of sources) {
      for (const specifier of importsOf(path, text)) {
        if (specifier.startsWith(".")) {
          reached.add(posix.normalize(posix.join(posix.dirname(path), specifier)));
        }
      }
    }
    return sources
      .filter(({ path }) => !reached.has(path) && !/\.(?:test|bench)\.ts$/.test(path))
      .map(({ path }) => ({ path, message: "nothing imports this file" }));
  });
}

export function checkReadmes({ packages }: Pick<Workspace, "packages">): Finding[] {
  return packages
    .filter(({ name, readme }) => !readme.startsWith(`# @ashlar/${name}\n`))
    .map(({ name }) => ({
      path: `packages/${name}/README.md`,
      message: `begins with "# @ashlar/${name}"`,
    }));
}

/**
 * ashlar_<package>_<what>_<unit>; ashlar_process_ are the figures of any Node process. A counter
 * counts events, bytes or seconds, a histogram has a unit; both say so at their end.
 */
export function checkMetricNames({ packages }: Pick<Workspace, "packages">): Finding[] {
  const unit = /\bnew (Counter|Histogram)\(\{\s*name: "(?!\w+_(?:total|bytes|seconds)")(\w+)"/g;
  return packages.flatMap(({ name, sources }) =>
    sources
      .filter(({ path }) => !isTest(path))
      .flatMap(({ path, text }) => [
        ...[...text.matchAll(/["`](ashlar_([a-z]+)_\w*)/g)]
          .filter(([, , component]) => component !== name && component !== "process")
          .map(([, metric]) => ({ path, message: `${metric}: begins with ashlar_${name}_` })),
        ...[...text.matchAll(unit)].map(([, kind, metric]) => ({
          path,
          message: `${metric}: the name of a ${kind} ends in _total, _bytes or _seconds`,
        })),
      ]),
  );
}
