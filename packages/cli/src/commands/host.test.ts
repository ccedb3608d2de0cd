// What the commands about hosts and mappings ask of a leader, and what they print: never a secret.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMembers, type TestMember } from "@ashlar/rpc/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../exit-status.ts";
import { said as saidBy } from "../testing/said.ts";

const SECRET = "a secret of 1";
const OTHER = "another secret, too long for Windows";
const IQN = "iqn.2026-11.test:web";

let folder: string;
let leader: TestMember;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ashlar-host-"));
  [leader] = (await startMembers(1)) as [TestMember];
  leader.part = "leads";
});
afterEach(async () => {
  process.exitCode = 0;
  await leader.stop();
  await rm(folder, { recursive: true });
});

/** Said to the leader. */
const said = (...argv: string[]) => saidBy(...argv, "--admin", leader.address);

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const web = {
  name: "web",
  initiators: [IQN],
  chap: "mutual",
  chapUser: "",
  targetUser: "target",
  createdAt: "2026-11-01T00:00:00.000Z",
  volumes: [{ name: "demo", lun: 7, readOnly: true }],
};
const demo = (part: object) => ({
  name: "demo",
  iqn: "iqn.x:demo",
  sizeBytes: 2 ** 20,
  access: "mapped",
  ...part,
});

test("a host is made with secrets from files; none is on the command line or printed", async () => {
  leader.on("CreateHost", () => web);
  const one = await file("one", `${SECRET}\n`);
  const two = await file("two", OTHER);
  const chap = ["--chap-secret-file", one, "--target-user", "target", "--target-secret-file", two];
  const argv = [
    "host",
    "create",
    "web",
    "--iqn",
    IQN.toUpperCase(),
    "--iqn",
    "eui.02004567A425678D",
  ];
  const { out, err, exit } = await said(...argv, ...chap);
  expect(exit).toBe(EXIT.done);
  expect(leader.asks("CreateHost")[0]?.request).toEqual({
    name: "web",
    initiators: [IQN, "eui.02004567a425678d"],
    chap: { user: "", secret: SECRET, mutual: { user: "target", secret: OTHER } },
  });
  expect(out).toContain(`initiator  ${IQN}`);
  expect(out).toContain("CHAP       mutual, user the initiator's name, target user target\n");
  expect(out).toContain("volume     demo at LUN 7, read-only\n");
  expect(err).toBe("the secret has 36 characters; Windows takes 16 at most\n");
  for (const secret of [SECRET, OTHER]) expect(out + err).not.toContain(secret);
});

test("hosts are listed, in both forms", async () => {
  leader.on("ListHosts", () => ({ hosts: [web, { ...web, name: "db", chap: "", volumes: [] }] }));
  const { out } = await said("host", "list");
  expect(out).toMatch(/^web +mutual +1 +iqn\.2026-11\.test:web$/m);
  expect(out).toMatch(/^db +0 +iqn/m);
  const json = await said("host", "list", "--json");
  expect(JSON.parse(json.out)).toEqual({ hosts: [web, expect.objectContaining({ chap: "" })] });
});

test("a host is changed: only what is said", async () => {
  leader.on("SetHost", () => ({ ...web, chap: "" }));
  expect((await said("host", "set", "web", "--no-chap")).out).toContain("CHAP       none\n");
  await said("host", "set", "web", "--add-iqn", "iqn.2026-11.test:b", "--remove-iqn", IQN);
  const secret = await file("secret", SECRET);
  await said("host", "set", "web", "--chap-secret-file", secret, "--chap-user", "u");
  const none = { name: "web", added: [], removed: [], setsChap: true, chap: null };
  expect(leader.asks("SetHost").map(({ request }) => request)).toEqual([
    none,
    { ...none, added: ["iqn.2026-11.test:b"], removed: [IQN], setsChap: false },
    { ...none, chap: { user: "u", secret: SECRET, mutual: null } },
  ]);
});

test.each([
  [["host", "create", "web"], "required option '--iqn <name>' not specified"],
  [["host", "create", "web", "--iqn", "web"], '"web" is not the name of an initiator'],
  [["host", "create", "Web", "--iqn", IQN], "host name must be"],
  [["host", "create", "web", "--iqn", IQN, "--chap-user", "u"], "needs the secret"],
  [["host", "create", "web", "--iqn", IQN, "--chap-secret-file", "/nowhere"], "cannot be read"],
  [["host", "set", "web"], "nothing is to be changed"],
  [["volume", "map", "demo"], "either a host is mapped, or --any is given alone"],
  [["volume", "map", "demo", "web", "--any"], "either a host is mapped"],
  [["volume", "map", "demo", "--any", "--lun", "1"], "either a host is mapped"],
  [["volume", "map", "demo", "web", "--lun", "256"], "--lun 256 is not possible"],
  [["volume", "unmap", "demo"], "missing required argument 'host'"],
])("%j is wrong usage, and nothing is asked", async (argv, message) => {
  const { out, exit } = await said(...argv, "--json");
  expect(exit).toBe(EXIT.usage);
  expect(JSON.parse(out).error.message).toContain(message);
  expect(leader.asked).toEqual([]);
});

test.each([
  ["eleven char", "not possible"],
  ["sécret of the host", "not possible"],
  [`${SECRET}\nmore`, "more than one line"],
])("a file with %j holds no secret", async (content, message) => {
  const path = await file("bad", content);
  const { out, exit } = await said(
    ...["host", "create", "web", "--iqn", IQN, "--chap-secret-file", path, "--json"],
  );
  expect(exit).toBe(EXIT.usage);
  expect(JSON.parse(out).error.message).toContain(message);
  expect(out).not.toContain(SECRET);
});

test("a volume is mapped, unmapped and opened, and it is said who may use it then", async () => {
  const mapping = { host: "web", lun: 7, readOnly: true };
  const answers = [
    demo({ mappings: [mapping] }),
    demo({ mappings: [{ ...mapping, lun: 0, readOnly: false }] }),
    demo({ mappings: [] }),
    demo({ access: "any" }),
  ];
  leader.on("ChangeAccess", () => answers.shift() ?? {});
  const mapped = await said("volume", "map", "demo", "web", "--lun", "7", "--read-only");
  expect(mapped.out).toContain("demo is mapped to web; who is not named here may not use it\n");
  expect(mapped.out).toContain("host      web at LUN 7, read-only\n");
  expect((await said("volume", "map", "demo", "web")).out).toContain("host      web at LUN 0\n");
  const unmapped = await said("volume", "unmap", "demo", "web");
  expect(unmapped.out).toContain("none may use it");
  const opened = await said("volume", "map", "demo", "--any");
  expect(opened.out).toContain("every initiator that reaches a portal may read and write it\n");
  const edits = leader
    .asks("ChangeAccess")
    .map(({ request }) => (request as { edit: object }).edit);
  expect(edits).toEqual([
    { kind: "map", host: "", mapping },
    { kind: "map", host: "", mapping: { host: "web", lun: 0, readOnly: false } },
    { kind: "unmap", host: "web", mapping: null },
    { kind: "open", host: "", mapping: null },
  ]);
});

test("a volume may be made for nobody, and the list tells who may use each", async () => {
  leader.on("CreateVolume", () => demo({}));
  const { out } = await said("volume", "create", "demo", "--size", "1MiB", "--mapped");
  expect(out).toContain("none may use it");
  expect(leader.asks("CreateVolume")[0]?.request).toMatchObject({ access: "mapped" });
  const mappings = ["a", "b"].map((host) => ({ host, lun: 0, readOnly: false }));
  const volumes = [
    demo({ access: "any" }),
    demo({}),
    demo({ mappings: mappings.slice(1) }),
    demo({ mappings }),
  ];
  leader.on("ListVolumes", () => ({ volumes }));
  const lines = (await said("volume", "list")).out.split("\n").slice(1, 5);
  const hosts = lines.map((line) => line.split(/ {2,}/).at(-2));
  expect(hosts).toEqual(["any", "none", "b", "2 hosts"]);
});
