// An ext4 image with thousands of real files: those of /usr/share as far as they go, and made ones
// where a small installation has too few.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { run } from "./tools.ts";

const MIB = 1024 * 1024;
const SOURCE = "/usr/share";
const FILES = 4_000;
const SOURCE_BYTES = 200 * MIB;
/** Files larger than this would fill the image by themselves. */
const FILE_BYTES_MAX = 4 * MIB;
const MADE_BYTES = 48 * 1024;

/** Regular files below a folder in a fixed order. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Bytes that depend on `seed` alone and do not compress. */
function madeContent(seed: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < MADE_BYTES; at += 32) {
    blocks.push(createHash("sha256").update(`${seed}/${at}`).digest());
  }
  return Buffer.concat(blocks);
}

async function fillTree(tree: string): Promise<number> {
  let files = 0;
  let bytes = 0;
  for await (const path of filesBelow(SOURCE)) {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX || bytes + size > SOURCE_BYTES) continue;
    const copy = join(tree, relative("/", path));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy);
    bytes += size;
    files += 1;
    if (files === FILES) return files;
  }
  for (; files < FILES; files += 1) {
    await writeFile(join(tree, `made-${files}`), madeContent(files));
  }
  return files;
}

/** Makes `image`, an ext4 file system of `sizeMiB`; returns the number of files in it. */
export async function makeImage(folder: string, image: string, sizeMiB: number): Promise<number> {
  const tree = join(folder, "tree");
  await mkdir(tree);
  const files = await fillTree(tree);
  await run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image, `${sizeMiB}M`);
  return files;
}
