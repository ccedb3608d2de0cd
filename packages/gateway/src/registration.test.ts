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
  let supersede = (): void => {};
  const client = {
    view,
    ready: async () => {},
    onChanges: (listen: typeof tell) => {
      tell = listen;
      return () => {};
    },
    onSuperseded: (listen: () => void) => {
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
  supersede();
  expect(told).toEqual([seen, seen + 5]);
  await registration.stop();
  expect(registration.incarnation).toBe(seen + 6);
});
