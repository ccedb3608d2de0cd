// Where a login is served that came to a portal of this gateway: here, or at a private portal that the leader of the
// metadata service names (RFC 7143, 11.13.5). Only a public portal sends anybody on, and only to a private one, so
// no login goes in circles. Without an answer the gateway helps itself: a login is never refused for want of one.
import type { CatalogView, SessionPath } from "@ashlar/catalog";
import { type NodeId, toSystemError } from "@ashlar/core";
import type { TargetLookup, TargetQuery } from "@ashlar/iscsi";
import type { Log } from "@ashlar/runtime";
import type { PortalConfig } from "./config.ts";
import type { TargetFinder } from "./target-watcher.ts";

/** Initiators wait for 15 s and more; another gateway is no better than this one. */
const PLACE_TIMEOUT_MS = 1_000;

export interface LoginPlacementDeps {
  readonly targets: TargetFinder;
  readonly catalog: {
    readonly view: Pick<CatalogView, "gateways">;
    /** See CatalogClient. */
    placeSession(
      path: SessionPath,
      options: { readonly signal: AbortSignal },
    ): Promise<string | undefined>;
  };
  readonly log: Log;
}

export class LoginPlacement {
  private readonly deps: LoginPlacementDeps;
  private readonly self: { readonly nodeId: NodeId; readonly portals: readonly PortalConfig[] };

  constructor(
    deps: LoginPlacementDeps,
    self: { readonly nodeId: NodeId; readonly portals: readonly PortalConfig[] },
  ) {
    this.deps = deps;
    this.self = self;
  }

  /** What logins at a portal find. */
  at({ role }: Pick<PortalConfig, "role">): TargetFinder {
    const { targets } = this.deps;
    return {
      list: (initiatorName) => targets.list(initiatorName),
      reset: (scsi, lun) => targets.reset(scsi, lun),
      find: async (query) => {
        const found = await targets.find(query);
        const { targetName } = query;
        if (found.kind !== "found" || targetName === undefined) return found;
        if (role === "public") return this.place({ ...query, targetName }, found);
        return this.isDraining ? { kind: "unavailable" } : found;
      },
    };
  }

  private get isDraining(): boolean {
    return this.deps.catalog.view.gateways.get(this.self.nodeId)?.draining ?? false;
  }

  private async place(
    query: TargetQuery & SessionPath,
    found: Extract<TargetLookup, { kind: "found" }>,
  ): Promise<TargetLookup> {
    const { initiatorName, isid, targetName } = query;
    const { authentication } = found;
    const address = (await this.ask({ initiatorName, isid, targetName })) ?? this.ownPrivate;
    if (address !== undefined) return { kind: "redirect", address, authentication };
    return this.isDraining ? { kind: "unavailable" } : found;
  }

  private async ask(path: SessionPath): Promise<string | undefined> {
    const { catalog, log } = this.deps;
    try {
      const signal = AbortSignal.timeout(PLACE_TIMEOUT_MS);
      return await catalog.placeSession(path, { signal });
    } catch (thrown) {
      const error = toSystemError(thrown);
      log.warn({ code: error.code, ...path }, "nobody says where a login is to be served");
      return undefined;
    }
  }

  private get ownPrivate(): string | undefined {
    if (this.isDraining) return undefined;
    return this.self.portals.find(({ role }) => role === "private")?.advertise;
  }
}
