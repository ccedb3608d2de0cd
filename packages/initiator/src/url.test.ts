import { hasCode } from "@ashlar/core";
import { describe, expect, it } from "vitest";
import { formatIscsiUrl, formatPortal, parseIscsiUrl, parsePortal } from "./url.ts";

/** What a URL is refused with, which is always a mistake in an argument. */
function refusal(text: string): unknown {
  try {
    parseIscsiUrl(text);
  } catch (error) {
    expect(hasCode(error, "argument/invalid")).toBe(true);
    return error;
  }
  throw new Error(`${text} was taken`);
}

describe("iSCSI URL", () => {
  it("reads and writes host, port, target and LUN", () => {
    const text = "iscsi://127.0.0.1:3261/iqn.2026-11.io.ashlar:0a1b2c3d:demo/3";
    const url = parseIscsiUrl(text);
    expect(url).toEqual({
      portal: { host: "127.0.0.1", port: 3261 },
      targetName: "iqn.2026-11.io.ashlar:0a1b2c3d:demo",
      lun: 3,
    });
    expect(formatIscsiUrl(url)).toBe(text);
  });

  it("knows the default port, IPv6 and the portal group tag of SendTargets", () => {
    expect(parsePortal("storage.example")).toEqual({ host: "storage.example", port: 3260 });
    expect(parsePortal("[::1]:3260,1")).toEqual({ host: "::1", port: 3260 });
    expect(formatPortal({ host: "::1", port: 1 })).toBe("[::1]:1");
  });

  it("reads a user with its secret, and the target's for mutual CHAP", () => {
    const plain = "iscsi://127.0.0.1:3261/iqn.x:y/0";
    const text = "iscsi://host:a%se%cr:et@127.0.0.1:3261/iqn.x:y/0";
    const initiator = { name: "host:a", secret: "se%cr:et" };
    const url = parseIscsiUrl(text);
    expect(url.authentication).toEqual({ initiator, target: undefined });
    expect(url.portal.host).toBe("127.0.0.1");
    expect(formatIscsiUrl(url)).toBe(plain);
    const mutual = parseIscsiUrl(`${text}?target_user=t&target_password=x=y`);
    expect(mutual.authentication).toEqual({ initiator, target: { name: "t", secret: "x=y" } });
    expect(parseIscsiUrl(plain).authentication).toBeUndefined();
  });

  it.each([
    "iscsi://host@a/b/0",
    "iscsi://host%@a/b/0",
    "iscsi://%hidden@a/b/0",
    "iscsi://host%hidden/a/b/0",
    "iscsi://host%hid/den@a/b/0",
    "iscsi://host%hidden@a/b/999",
    "iscsi://a/b/0?target_user=t&target_password=hidden",
    "iscsi://u%x@a/b/0?target_password=hidden",
    "iscsi://u%x@a/b/0?target_user=t&target_password=hidden&more=1",
  ])("refuses %s and keeps the secret to itself", (text) => {
    expect(String(refusal(text))).not.toMatch(/hid/);
  });

  it.each([
    "",
    "http://a/b/0",
    "iscsi://a/b",
    "iscsi://a/b/999",
    "iscsi://a:0/b/0",
    "iscsi:///b/0",
  ])("refuses %j with a hint", (text) => {
    refusal(text);
  });
});
