// The command line without a cluster: usage errors, their forms and their exit statuses.
import { ERROR_CODES, SystemError } from "@ashlar/core";
import { afterEach, expect, test, vi } from "vitest";
import { EXIT, EXIT_OF_CODE } from "./exit-status.ts";
import { table, writeAnswer, writeError } from "./output.ts";
import { run } from "./program.ts";

afterEach(() => {
  process.exitCode = 0;
});

/** What a command line writes, and the exit status it leaves. */
async function said(...argv: string[]) {
  const caught = catcher();
  process.exitCode = 0;
  await run(argv, caught.streams);
  return { out: caught.out(), err: caught.err(), exit: process.exitCode };
}

function catcher() {
  const out: string[] = [];
  const err: string[] = [];
  const streams = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
  };
  return { streams, out: () => out.join(""), err: () => err.join("") };
}

test.each([
  [["frobnicate"], "unknown command 'frobnicate'"],
  [["volume", "frobnicate"], "unknown command 'frobnicate'"],
  [["volume", "create", "v"], "required option '--size <size>' not specified"],
  [["volume", "list", "--nonsense"], "unknown option '--nonsense'"],
  [["supervise"], "required option '--config <file>' not specified"],
  [["cluster", "member", "add", "m"], "missing required argument 'host:port'"],
  [["cluster", "member", "remove"], "missing required argument 'name'"],
])("%j is wrong usage, in both forms", async (argv, message) => {
  const plain = await said(...argv);
  expect(plain).toMatchObject({ out: "", exit: EXIT.usage });
  expect(plain.err).toContain(message);
  const json = await said(...argv, "--json");
  expect(json).toMatchObject({ err: "", exit: EXIT.usage });
  expect(JSON.parse(json.out)).toEqual({
    error: {
      code: "argument/invalid",
      message: expect.stringContaining(message),
      hint: "see `ashlar --help`",
    },
  });
});

/** As {@link said}, for what a command itself writes to this process's stderr. */
async function complained(...argv: string[]) {
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const { exit } = await said(...argv);
  write.mockRestore();
  return { exit, lines: written.join("").split("\n") };
}

test.each([
  [["volume", "create", "v", "--size", "1GiB", "--replicas", "0"], "--replicas 0 is not possible"],
  [["volume", "create", "v", "--size", "1GiB", "--block-size", "x"], "--block-size x is not"],
  [["lab", "logs", "--lines", "0"], "--lines 0 is not a count"],
])("%j is refused with a hint before any cluster is asked", async (argv, message) => {
  const { exit, lines } = await complained(...argv);
  expect(exit).toBe(EXIT.usage);
  expect(lines[0]).toContain(message);
  expect(lines[1]).toMatch(/^ {2}give a whole number above 0/);
});

test("an address of a member has a port", async () => {
  const { exit, lines } = await complained("cluster", "member", "add", "metadata-4", "host");
  expect(exit).toBe(EXIT.usage);
  expect(lines[0]).toContain('"host" is not HOST:PORT');
});

test("where there is no lab, the hint is a command that makes one there", async () => {
  const { exit, lines } = await complained("volume", "list", "--dir", "/nonexistent/lab");
  expect(exit).toBe(EXIT.failed);
  expect(lines[1]).toContain("`ashlar lab up --dir /nonexistent/lab`");
});

test("a group of commands alone asks for one of them", async () => {
  expect(await said("volume")).toMatchObject({
    out: "",
    err: expect.stringContaining("a sub-command is missing"),
    exit: EXIT.usage,
  });
});

test("an error without a hint says null, and words for people go to stderr", () => {
  const error = new SystemError("volume/in-use", "v is in use");
  const json = catcher();
  expect(writeError(json.streams, error, true)).toBe(EXIT.refused);
  expect(JSON.parse(json.out())).toEqual({
    error: { code: "volume/in-use", message: "v is in use", hint: null },
  });
  const plain = catcher();
  writeError(plain.streams, error, false);
  expect([plain.out(), plain.err()]).toEqual(["", "ashlar: v is in use (volume/in-use)\n"]);
});

test("an answer is one document or lines, never both", () => {
  const answer = { json: { a: 1 }, lines: ["one", "two"] };
  const json = catcher();
  writeAnswer(json.streams, answer, true);
  expect(json.out()).toBe('{"a":1}\n');
  const plain = catcher();
  writeAnswer(plain.streams, answer, false);
  expect(plain.out()).toBe("one\ntwo\n");
});

test("every code has an exit status, none of them means done", () => {
  expect(Object.keys(EXIT_OF_CODE).sort()).toEqual([...ERROR_CODES].sort());
  expect(Object.values(EXIT_OF_CODE)).not.toContain(EXIT.done);
});

test("columns are as wide as their widest cell", () => {
  expect(table(["ID", "N"], [["storage-1", 3]])).toEqual(["ID         N", "storage-1  3"]);
});
