// What lint cannot say: the import ladder and the shape of the sources. Exit 1 with one line per
// breach. `npm run tidy` runs it, and so does `npm test`.
import { fileURLToPath } from "node:url";
import { checkImportLadder } from "./tidy/import-ladder.ts";
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
} from "./tidy/shape.ts";
import { readWorkspace } from "./tidy/sources.ts";

const workspace = readWorkspace(fileURLToPath(new URL("..", import.meta.url)));
const files = [...workspace.packages.flatMap(({ sources }) => sources), ...workspace.others];
const findings = [
  ...checkImportLadder(workspace),
  ...checkPurity(workspace),
  ...checkDeadFiles(workspace),
  ...checkReadmes(workspace),
  ...checkMetricNames(workspace),
  ...[checkFileSizes, checkFunctionSizes, checkOpenings, checkNames, checkWords].flatMap((check) =>
    check(files),
  ),
];
for (const { path, message } of findings) console.error(`${path}: ${message}`);
console.log(`tidy: ${files.length} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
