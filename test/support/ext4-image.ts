// An ext4 image with thousands of real files: those of /usr/share, and made ones that fill it up and
// stand in where a small installation has too few.
import { createCipheriv } from "node:crypto";
import { copyFile, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { run } from "./tools.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SOURCE = "/usr/share";
const SOURCE_FILES = 4_000;
/** Larger files would use up the image by themselves. */
const SOURCE_FILE_BYTES_MAX = 1 * MIB;
const SOURCE_BYTES_MAX = 100 * MIB;
const MADE_BYTES = 96 * KIB;
const FILES_MIN = 4_000;
const DATA_BYTES_MIN = 220 * MIB;

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
  const start = Buffer.alloc(16);
  start.writeUInt32BE(seed);
  const stream = createCipheriv("aes-256-ctr", Buffer.alloc(32, 1), start);
  return stream.update(Buffer.alloc(MADE_BYTES));
}

interface Filling {
  readonly files: number;
  readonly bytes: number;
}

async function copySource(tree: string): Promise<Filling> {
  let filling: Filling = { files: 0, bytes: 0 };
  for await (const path of filesBelow(SOURCE)) {
    const { size } = await stat(path);
    if (size > SOURCE_FILE_BYTES_MAX) continue;
    const copy = join(tree, relative("/", path));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy);
    filling = { files: filling.files + 1, bytes: filling.bytes + size };
    if (filling.files === SOURCE_FILES || filling.bytes > SOURCE_BYTES_MAX) break;
  }
  return filling;
}

async function fillTree(tree: string): Promise<number> {
  let { files, bytes } = await copySource(tree);
  while (files < FILES_MIN || bytes < DATA_BYTES_MIN) {
    await writeFile(join(tree, `made-${files}`), madeContent(files));
    files += 1;
    bytes += MADE_BYTES;
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
