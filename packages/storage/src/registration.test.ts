import { setImmediate as turn } from "node:timers/promises";
import { testNode } from "@ashlar/catalog/testing";
import { present } from "@ashlar/core";
import type { CatalogClient, StorageRegistration } from "@ashlar/rpc";
import { silentLog } from "@ashlar/runtime";
import { beforeEach, expect, test } from "vitest";
import { Registration } from "./registration.ts";

/** A catalog that answers when it is told to. */
class SlowCatalog implements Pick<CatalogClient, "registerStorage" | "onSuperseded"> {
  readonly told: number[] = [];
  supersede = (_: number): void => {};
  private readonly answers: ((incarnation: number) => void)[] = [];

  registerStorage({ incarnationSeen }: StorageRegistration): Promise<{ incarnation: number }> {
    this.told.push(incarnationSeen);
    return new Promise((resolve) => {
      this.answers.push((incarnation) => resolve({ incarnation }));
    });
  }

  onSuperseded(listen: (incarnation: number) => void): void {
    this.supersede = listen;
  }

  async answer(incarnation: number): Promise<void> {
    present(this.answers.shift(), "it was asked")(incarnation);
    await turn();
  }
}

let catalog: SlowCatalog;
let registration: Registration;
let seen: number;
let heard: number[];
beforeEach(async () => {
  catalog = new SlowCatalog();
  heard = [];
  seen = 5;
  registration = new Registration({
    client: catalog,
    log: silentLog,
    describe: () => ({
      node: testNode(1),
      bootId: "b",
      address: "",
      disks: [],
      familySeen: 0,
      incarnationSeen: seen,
      zone: "",
    }),
    report: () => ({ disks: [] }),
    onIncarnation: (incarnation) => heard.push(incarnation),
  });
  const started = registration.start();
  await catalog.answer(6);
  await started;
});

test("a node that is superseded leads nothing until it is registered again, and asks once", async () => {
  catalog.supersede(6);
  catalog.supersede(6);
  expect(catalog.told).toHaveLength(2);
  expect(heard).toEqual([6, 0]);
  await catalog.answer(7);
  expect(heard).toEqual([6, 0, 7]);
  catalog.supersede(6);
  expect(heard).toEqual([6, 0, 7]);
  catalog.supersede(7);
  expect(heard).toEqual([6, 0, 7, 0]);
});

test("a node that is superseded under the incarnation that it is about to hear of registers once more", async () => {
  catalog.supersede(6);
  catalog.supersede(7);
  await catalog.answer(7);
  expect(catalog.told).toHaveLength(3);
  await catalog.answer(8);
  expect(heard).toEqual([6, 0, 7, 0, 8]);
  expect(registration.incarnation).toBe(8);
});

test("P10: a catalog that went back is told what was seen, and the node leads on meanwhile", async () => {
  seen = 40;
  registration.tellAnew();
  expect(catalog.told).toEqual([5, 40]);
  expect(heard).toEqual([6]);
  // Back once more: what is on its way may have reached the catalog before that.
  registration.tellAnew();
  await catalog.answer(6);
  expect(catalog.told).toEqual([5, 40, 40]);
  await catalog.answer(6);
  expect(catalog.told).toHaveLength(3);
  expect(heard).toEqual([6, 6, 6]);
});

test("a node that is superseded while it tells steps down at once", async () => {
  registration.tellAnew();
  catalog.supersede(6);
  expect(heard).toEqual([6, 0]);
  await catalog.answer(41);
  expect(registration.incarnation).toBe(41);
  expect(heard).toEqual([6, 0, 41]);
});
