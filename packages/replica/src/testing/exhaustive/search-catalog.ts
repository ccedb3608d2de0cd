// The catalog of a search: the configurations that the metadata service may come to, and the
// compare-and-swaps on their way to it. K1..K4 are asked of every change.
import { assert, type StoreUuid } from "@ashlar/core";
import { copyGraph, freezeGraph, printGraph } from "@ashlar/core/testing";
import type { ReplicaConfig } from "../../events.ts";
import { CHUNK } from "../scripted-chunk.ts";
import { SimCatalog, type SimMember } from "../simulation/sim-catalog.ts";
import type { AdmitRequest } from "./node-view.ts";

export type CatalogAction =
  | { readonly kind: "down" | "up" | "move"; readonly member: SimMember }
  | { readonly kind: "admit"; readonly request: AdmitRequest }
  /** A request arrives, to be decided some time or never. */
  | { readonly kind: "ask"; readonly request: AdmitRequest };

interface CatalogState {
  readonly catalog: SimCatalog;
  readonly asked: readonly AdmitRequest[];
}

export class SearchCatalogs {
  private readonly states: CatalogState[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly afterAction = new Map<string, number>();

  constructor(members: readonly SimMember[], inSync: number) {
    this.number({ catalog: new SimCatalog(CHUNK, members, inSync), asked: [] });
  }

  of(state: number): CatalogState {
    return this.states[state]!;
  }

  config(state: number): ReplicaConfig {
    return this.of(state).catalog.config;
  }

  after(state: number, action: CatalogAction): number {
    const key = `${state} ${printGraph(action)}`;
    const known = this.afterAction.get(key);
    if (known !== undefined) return known;
    const { catalog, asked } = this.of(state);
    const next = copyGraph(catalog);
    const open = act(next, asked, action);
    checkChange(catalog.config, next.config);
    const { epoch, version } = next.config;
    // One that names another version can have no effect any more.
    const alive = open.filter((request) => request.epoch === epoch && request.version === version);
    const made = this.number({ catalog: next, asked: alive });
    this.afterAction.set(key, made);
    return made;
  }

  private number(state: CatalogState): number {
    const key = printGraph([state.catalog, state.asked]);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.states.length);
    freezeGraph(state.catalog.config);
    return this.states.push(state) - 1;
  }
}

/** Does it; gives the requests that are open afterwards. */
function act(
  catalog: SimCatalog,
  asked: readonly AdmitRequest[],
  action: CatalogAction,
): readonly AdmitRequest[] {
  switch (action.kind) {
    case "down":
      catalog.nodeDown(action.member.node);
      return asked;
    case "up":
      catalog.nodeUp(action.member.node);
      return asked;
    case "move":
      catalog.movePrimary(action.member.node);
      return asked;
    case "admit":
      catalog.admit(action.request);
      return asked.filter(({ store }) => store !== action.request.store);
    case "ask":
      return asked.some(({ store }) => store === action.request.store)
        ? asked
        : [...asked, action.request];
  }
}

function checkChange(before: ReplicaConfig, after: ReplicaConfig): void {
  if (before === after || printGraph(before) === printGraph(after)) return;
  assert(after.version > before.version, "K1: a change raises the version");
  assert(after.epoch >= before.epoch, "K1: an epoch never goes back");
  assert(after.isr.length > 0, "K4: an ISR has a member");
  if (after.epoch > before.epoch) {
    const leader = after.members.find(({ node }) => node === after.primary.node);
    const wasInSync = leader !== undefined && before.isr.includes(leader.storeUuid);
    assert(wasInSync, "K2: a new primary comes from the ISR before it");
  }
  for (const store of added(before.isr, after.isr)) {
    assert(before.learners.includes(store), "K3: only a learner enters an ISR");
    assert(before.epoch === after.epoch, "K3: the ISR grows within an epoch");
  }
}

const added = (before: readonly StoreUuid[], after: readonly StoreUuid[]): StoreUuid[] =>
  after.filter((store) => !before.includes(store));
