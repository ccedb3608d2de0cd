// One scope of the search through every state of a chunk's replicas, by its name:
// `npx tsx --conditions=ashlar-source scripts/replica-search.ts --scope NAME`. The last line sums up; a
// broken invariant is told with the shortest way to it, and ends with exit 1.
import { parseArgs } from "node:util";
import { SCOPES, SCOPES_OF_MINUTES, Search } from "@ashlar/replica/testing";

const { values } = parseArgs({ options: { scope: { type: "string", default: "" } } });
const scope = [...SCOPES, ...SCOPES_OF_MINUTES].find(({ name }) => name === values.scope);
if (!scope) throw new Error(`no scope is named "${values.scope}"`);

const startedAt = Date.now();
const { violation, ...figures } = new Search(scope).run();
const elapsed = ((Date.now() - startedAt) / 1000).toFixed(1);
if (violation) {
  console.error(violation.path.join("\n"));
  console.log(`broken: ${figures.states} states, ${scope.name}: ${violation.reason}`);
  process.exitCode = 1;
} else console.log(`runs 1 (${scope.name}), ${elapsed} s, ${JSON.stringify(figures)}`);
