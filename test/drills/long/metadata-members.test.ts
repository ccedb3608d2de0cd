// Members of the metadata group come and go for good under a host at work, and one that the others cannot do without
// stays.
import { afterAll, beforeAll, expect, test } from "vitest";
import { MetadataGroup } from "../../support/metadata-group.ts";
import { ashlarOutcome, TestLab } from "../../support/test-lab.ts";
import { underLoad } from "../../support/verified-load.ts";

const MEMBERS = ["metadata-1", "metadata-2", "metadata-3"];
const GAP_MAX_MS = 1_000;

let lab: TestLab;
let group: MetadataGroup;
beforeAll(async () => {
  lab = await TestLab.make("--nodes", "2");
  group = await MetadataGroup.of(lab);
  await group.untilInStep(...MEMBERS);
});
afterAll(async () => {
  group?.close();
  await lab?.remove();
});

test("members come and go under load, the leader too, and a removed one is not waited for", async () => {
  const report = await underLoad(lab, "membership", async () => {
    expect(await lab.command("lab", "add", "metadata")).toEqual({
      added: { kind: "metadata", id: "metadata-4" },
    });
    await group.untilInStep(...MEMBERS, "metadata-4");
    const leader = await group.leader();
    await lab.command("cluster", "member", "remove", leader);
    const left = [...MEMBERS, "metadata-4"].filter((id) => id !== leader);
    await group.untilInStep(...left);
    await lab.command("lab", "stop", leader);
  });
  console.log(`member added, leader removed: ${report.text}`);
  expect(report).toMatchObject({ errors: 0, incidents: 0, clean: true });
  expect(report.gapMs).toBeLessThan(GAP_MAX_MS);

  const { metadata: before } = await group.status();
  await lab.down();
  await lab.up();
  const { metadata: after } = await group.status();
  const membersOf = (members: typeof after) => members.map(({ id, member }) => ({ id, member }));
  expect(membersOf(after)).toEqual(membersOf(before));
  expect(after).toHaveLength(3);
});

test("a member that the others cannot do without is neither removed nor wiped", async () => {
  const { metadata } = await group.status();
  const [first = "", second = "", third = ""] = metadata.map(({ id }) => id);
  const refusalOf = async (...args: string[]): Promise<unknown> => {
    const { exit, stdout } = await ashlarOutcome(...args, second, "--dir", lab.dir, "--json");
    return { exit, ...(JSON.parse(stdout) as { error: { code: string } }).error };
  };
  const needed = { exit: 3, code: "member/needed", hint: expect.any(String) };
  await lab.command("lab", "stop", first);
  expect(await refusalOf("cluster", "member", "remove")).toMatchObject(needed);
  await lab.command("lab", "stop", second);
  expect(await refusalOf("lab", "wipe")).toMatchObject(needed);
  for (const id of [first, second]) await lab.command("lab", "start", id);
  await group.untilInStep(first, second, third);
});
