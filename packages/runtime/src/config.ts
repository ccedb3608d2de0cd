// A process's configuration: one JSON file, checked once against a zod schema that documents every
// field; unknown keys are refused, so that a typing error is not a silent default.
import { readFile } from "node:fs/promises";
import { SystemError } from "@ashlar/core";
import { z } from "zod";

export { z };

/**
 * Reads and checks a configuration file.
 * @throws SystemError config/invalid naming the file and every offending field.
 */
export async function readConfig<S extends z.ZodType>(
  path: string,
  schema: S,
): Promise<z.infer<S>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (thrown) {
    throw new SystemError("config/invalid", `cannot read ${path}: ${String(thrown)}`, {}, thrown);
  }
  return parseConfig(parsed, schema, path);
}

/** Checks a parsed document; `source` is named in the error. */
export function parseConfig<S extends z.ZodType>(
  document: unknown,
  schema: S,
  source: string,
): z.infer<S> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`,
  );
  throw new SystemError("config/invalid", `${source}: ${faults.join("; ")}`);
}
