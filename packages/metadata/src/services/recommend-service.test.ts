// The Recommend service over the network: what nodes told comes back, and what is not there is refused by its code.
import type { LoadReport } from "@ashlar/rpc";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MetadataFixture, registrationOf, reportOf, storeOf } from "../testing/metadata-fixture.ts";

let fixture: MetadataFixture;
beforeEach(async () => {
  fixture = new MetadataFixture();
  await fixture.start();
});
afterEach(() => fixture.stop());

test("nodes are waited for until they told their load, and what is unknown is not applied", async () => {
  const rate = { operationsPerSecond: 12.5, bytesPerSecond: 4096 };
  const store = { storeUuid: storeOf(1), ...rate, busyShare: 0.25, meanMs: 1.5 };
  const load: LoadReport = { windowMs: 30_000, ...rate, stores: [store], volumes: [] };
  let told: LoadReport | undefined;
  const client = await fixture.client();
  const report = () => ({ ...reportOf(1, 1), load: told });
  await client.registerStorage(registrationOf(1), report, fixture.options);
  const { recommend } = fixture.admin();
  const list = () => recommend.list(fixture.options);
  const quiet = { hotSpots: [], recommendations: [], advice: "manual", hindrance: "", applied: [] };
  expect(await list()).toEqual({ ...quiet, waiting: ["storage-1"] });
  await recommend.setAdvice("auto", fixture.options);
  const hindrance = "storage-1 did not tell what hosts ask";
  expect(await list()).toMatchObject({ advice: "auto", hindrance });
  told = load;
  await expect.poll(list).toEqual({ ...quiet, advice: "auto", waiting: [] });
  expect(await recommend.apply([], fixture.options)).toEqual({ applied: [], chunks: 0 });
  await expect(recommend.apply(["lead/storage-1/vm1"], fixture.options)).rejects.toMatchObject({
    code: "recommendation/not-found",
  });
  await recommend.setAdvice("manual", fixture.options);
  expect(await list()).toMatchObject({ advice: "manual", hindrance: "" });
});
