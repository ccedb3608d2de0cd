import { type CatalogChange, CatalogMirror } from "@ashlar/catalog";
import { TestCatalog, testNode } from "@ashlar/catalog/testing";
import type { CatalogClient, GatewayRegistration } from "@ashlar/rpc";
import { silentLog } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { Registration } from "./registration.ts";

test("P10: a gateway tells the highest incarnation it has seen, also to a catalog that went back", async () => {
  const catalog = TestCatalog.created(3);
  const restored = TestCatalog.created(1);
  const view = new CatalogMirror();
  const told: number[] = [];
  let tell = (_: readonly CatalogChange[]): void => {};
  let supersede = (_: number): void => {};
  const client = {
    view,
    ready: async () => {},
    onChanges: (listen: typeof tell) => {
      tell = listen;
      return () => {};
    },
    onSuperseded: (listen: typeof supersede) => {
      supersede = listen;
    },
    registerGateway: async ({ incarnationSeen }: GatewayRegistration) => {
      told.push(incarnationSeen);
      return { incarnation: incarnationSeen + 1 };
    },
  } satisfies Partial<CatalogClient>;
  const follow = ({ state }: TestCatalog): void => {
    tell(view.replace([...state.view.list()], 1));
  };
  follow(catalog);
  const config = { nodeId: testNode(9), portals: [] };
  const registration = new Registration({ client, log: silentLog }, { config, bootId: "b" });
  await registration.start();
  const seen = catalog.state.lastIncarnation;
  catalog.done({
    kind: "gatewayUp",
    gateway: testNode(8),
    bootId: "b",
    portals: [],
    incarnationSeen: seen + 4,
  });
  follow(catalog);
  follow(restored);
  supersede(registration.incarnation);
  expect(told).toEqual([seen, seen + 5]);
  await registration.stop();
  expect(registration.incarnation).toBe(seen + 6);
});

test("a gateway that is superseded under the incarnation that it is about to hear of registers once more", async () => {
  const answers: ((incarnation: number) => void)[] = [];
  let supersede = (_: number): void => {};
  const client = {
    view: new CatalogMirror(),
    ready: async () => {},
    onChanges: () => () => {},
    onSuperseded: (listen: typeof supersede) => {
      supersede = listen;
    },
    registerGateway: () =>
      new Promise<{ incarnation: number }>((resolve) => {
        answers.push((incarnation) => resolve({ incarnation }));
      }),
  } satisfies Partial<CatalogClient>;
  const answer = async (incarnation: number): Promise<void> => {
    answers.shift()?.(incarnation);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const config = { nodeId: testNode(9), portals: [] };
  const registration = new Registration({ client, log: silentLog }, { config, bootId: "b" });
  const started = registration.start();
  await answer(0);
  await answer(6);
  await started;
  supersede(6);
  supersede(7);
  await answer(7);
  expect(registration.registered).toBe(false);
  await answer(8);
  expect(registration.incarnation).toBe(8);
  supersede(7);
  expect(answers).toEqual([]);
  await registration.stop();
});
