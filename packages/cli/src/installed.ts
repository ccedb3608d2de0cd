// What is installed: the command itself, and its version. Both are found from this file, which therefore lies as
// deep as what is compiled and bundled of it (dist/, bundle/).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The command itself, for supervisors to start roles with. */
export const script = (): string => fileURLToPath(new URL("../bin/ashlar.js", import.meta.url));

export function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
