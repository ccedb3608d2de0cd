// scripts/setup in a folder of its own, with stand-ins for npm, dpkg-query and apt-get that write
// down how they were called: it installs what is missing, once, and says what it cannot.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

let top: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "ashlar-setup-"));
  for (const folder of ["scripts", "bin", "test/guest"]) {
    mkdirSync(join(top, folder), { recursive: true });
  }
  copyFileSync(fileURLToPath(new URL("./setup", import.meta.url)), join(top, "scripts/setup"));
  writeFileSync(join(top, "package-lock.json"), "{}");
  writeFileSync(join(top, "calls"), "");
  standIn("npm", "mkdir -p node_modules");
  standIn("dpkg-query", "echo installed");
  standIn("apt-get", "true");
  standIn("image", "true", "test/guest");
});
afterEach(() => rmSync(top, { recursive: true }));

/** A command that notes its arguments, except dpkg-query's, which are many. */
function standIn(name: string, body: string, folder = "bin"): void {
  const note = name === "dpkg-query" ? "" : `echo "${name} $*" >>'${top}/calls'\n`;
  const path = join(top, folder, name);
  writeFileSync(path, `#!/bin/bash\n${note}${body}\n`);
  chmodSync(path, 0o755);
}

function setup(...options: string[]) {
  const { PATH } = process.env;
  const env = { ...process.env, PATH: `${join(top, "bin")}:${PATH}` };
  const done = spawnSync("bash", [join(top, "scripts/setup"), ...options], { env });
  const calls = readFileSync(join(top, "calls"), "utf8").split("\n").filter(Boolean);
  return { status: done.status, said: done.stderr.toString(), calls };
}

test("npm packages are installed once, and again when the lockfile has changed", () => {
  expect(setup()).toMatchObject({ status: 0, said: "setup: installing npm packages (npm ci)\n" });
  expect(setup()).toMatchObject({ status: 0, said: "" });
  writeFileSync(join(top, "package-lock.json"), '{"changed":true}');
  expect(setup().calls).toHaveLength(2);
});

test("packages that a developer installed by hand are taken as they are", () => {
  mkdirSync(join(top, "node_modules"));
  writeFileSync(join(top, "node_modules/.package-lock.json"), "{}");
  utimesSync(join(top, "package-lock.json"), 1, 1);
  expect(setup()).toEqual({ status: 0, said: "", calls: [] });
});

test("a failing npm ci fails the set-up, and is tried again", () => {
  standIn("npm", "exit 7");
  expect(setup()).toMatchObject({ status: 1, said: expect.stringContaining("npm ci failed") });
  expect(setup().calls).toHaveLength(2);
});

test("nothing is installed when all Debian packages are there", () => {
  const calls = [expect.stringMatching(/^npm ci/), "image "];
  expect(setup("--test")).toMatchObject({ status: 0, calls });
});

test("an image of the Linux host that cannot be made fails the set-up of the tests alone", () => {
  standIn("image", "exit 7", "test/guest");
  const said = expect.stringContaining("could not make the image");
  expect(setup("--test")).toMatchObject({ status: 1, said });
  expect(setup()).toMatchObject({ status: 0 });
});

test("missing Debian packages are installed by root, and named to others", () => {
  standIn("dpkg-query", 'case "$*" in *tgt | *qemu-utils) ;; *) echo installed ;; esac');
  const { status, said, calls } = setup("--test");
  const command = "apt-get install -y --no-install-recommends qemu-utils tgt";
  if (process.getuid?.() === 0) {
    expect([status, calls.slice(1)]).toEqual([0, [command, "image "]]);
  } else {
    expect([status, calls.slice(1)]).toEqual([1, []]);
    expect(said).toContain(command);
  }
});

test("an unknown option is an error", () => {
  expect(setup("--frob")).toMatchObject({ status: 1, said: expect.stringContaining("--frob") });
});
