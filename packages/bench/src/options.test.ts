import { hasCode, MIB } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("parseOptions", () => {
  it("starts a lab of its own unless told otherwise", () => {
    expect(parseOptions([])).toMatchObject({
      subject: { kind: "ownLab" },
      profile: "quick",
      json: false,
    });
    expect(parseOptions(["--carrier", "grpc", "--json"])).toMatchObject({
      subject: { kind: "ownLab", carrier: "grpc" },
      json: true,
    });
  });

  it("takes a lab or a URL, with sizes and times", () => {
    const lab = parseOptions(["--dir", "/l", "--profile", "own", "--seconds", "0.5"]);
    expect(lab).toMatchObject({ subject: { kind: "lab", dir: "/l" }, seconds: 0.5 });
    const url = ["--url", "iscsi://127.0.0.1:3260/iqn.x:y/1", "--size", "64MiB"];
    expect(parseOptions([...url, "--process", "a=1", "--process", "b=2"])).toMatchObject({
      subject: {
        kind: "url",
        url: { targetName: "iqn.x:y", lun: 1 },
        processes: [
          { id: "a", pid: 1 },
          { id: "b", pid: 2 },
        ],
      },
      sizeBytes: 64 * MIB,
    });
  });

  it("knows when only help is wanted", () => {
    expect(parseOptions(["--help"])).toBeUndefined();
  });

  it.each([
    [["--bogus"]],
    [["extra"]],
    [["--profile", "huge"]],
    [["--seconds", "0"]],
    [["--seconds", "x"]],
    [["--size", "1MiB"]],
    [["--size", "100GB"]],
    [["--carrier", "pigeon"]],
    [["--dir", "/l", "--carrier", "grpc"]],
    [["--dir", "/l", "--url", "iscsi://a/b/0"]],
    [["--process", "a=1"]],
    [["--url", "iscsi://a/b/0", "--process", "a"]],
  ])("refuses %j", (argv) => {
    let thrown: unknown;
    try {
      parseOptions(argv);
    } catch (error) {
      thrown = error;
    }
    expect(hasCode(thrown, "argument/invalid")).toBe(true);
  });
});
