// A small JSON document in a file of its own, there as a whole or not at all, with a checksum that comes first:
// damage is told from what another version wrote.
import { crc32c, SystemError } from "@ashlar/core";
import type { Disk } from "./disk.ts";
import { readWholeFile, writeWholeFile } from "./whole-file.ts";

/** Durable when resolved. @throws SystemError disk/no-space, disk/failed: the former one stands. */
export async function writeSealed(disk: Disk, path: string, fields: object): Promise<void> {
  const text = JSON.stringify({ crc32c: sumOf(fields), ...fields });
  await writeWholeFile(disk, path, [Buffer.from(`${text}\n`)]);
}

/** The fields, undefined where there is no such file. @throws SystemError disk/corrupt. */
export async function readSealed(
  disk: Disk,
  path: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const found = parsed(await readWholeFile(disk, path));
  const { crc32c: sum, ...fields } = found ?? {};
  if (found && sum === sumOf(fields)) return fields;
  throw new SystemError("disk/corrupt", `${path} is damaged`, { path });
}

/** Over the fields in the order in which they stand. */
const sumOf = (fields: object): number => crc32c(Buffer.from(JSON.stringify(fields)));

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const found: unknown = JSON.parse(bytes.toString());
    return typeof found === "object" && found !== null ? { ...found } : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
