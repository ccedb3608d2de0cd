// What people ask about hosts. Their secrets go into the catalog, and from there to gateways alone: nothing
// that is told here holds one.
import type { HostRecord, ProposalId } from "@ashlar/catalog";
import { type HostName, SystemError } from "@ashlar/core";
import type { CreateHostOptions, HostStatus, SetHostOptions } from "@ashlar/rpc";
import type { Clock } from "@ashlar/runtime";
import { accepted } from "./refusal.ts";
import type { ReplicatedLog } from "./replicated-log.ts";

export interface HostAdministrationDeps {
  readonly log: ReplicatedLog;
  readonly clock: Clock;
}

/** A request that is sent again, in the same name, is answered as the first time (R10). */
interface Named {
  readonly proposal?: ProposalId | undefined;
}

export class HostAdministration {
  private readonly deps: HostAdministrationDeps;

  constructor(deps: HostAdministrationDeps) {
    this.deps = deps;
  }

  list(): readonly HostStatus[] {
    return [...this.deps.log.view.hosts.values()]
      .sort((a, b) => (a.host < b.host ? -1 : 1))
      .map((record) => this.status(record));
  }

  /** @throws SystemError host/not-found. */
  get(name: HostName): HostStatus {
    const record = this.deps.log.view.hosts.get(name);
    if (record) return this.status(record);
    throw new SystemError("host/not-found", `there is no host "${name}"`, {
      hint: "see `ashlar host list`",
    });
  }

  /** @throws SystemError host/exists, host/initiator-taken, host/too-many, argument/invalid. */
  async create(
    { name, initiators, chap }: CreateHostOptions,
    { proposal }: Named,
  ): Promise<HostStatus> {
    const { log, clock } = this.deps;
    const createdAt = new Date(clock.wallMs()).toISOString();
    const command = { kind: "createHost", host: name, initiators, chap, createdAt } as const;
    accepted((await log.propose(command, proposal)).result);
    return this.get(name);
  }

  /** @throws SystemError as {@link create}, host/in-use. */
  async set({ name, ...change }: SetHostOptions, { proposal }: Named): Promise<HostStatus> {
    const command = { kind: "setHost", host: name, ...change } as const;
    accepted((await this.deps.log.propose(command, proposal)).result);
    return this.get(name);
  }

  /** @throws SystemError host/not-found, host/in-use. */
  async delete(host: HostName, { proposal }: Named): Promise<void> {
    accepted((await this.deps.log.propose({ kind: "deleteHost", host }, proposal)).result);
  }

  private status({ host, initiators, chap, createdAt }: HostRecord): HostStatus {
    const volumes = [...this.deps.log.view.volumes.values()].flatMap(({ name, mappings }) =>
      mappings
        .filter((mapping) => mapping.host === host)
        .map(({ lun, readOnly }) => ({ name, lun, readOnly })),
    );
    return {
      name: host,
      initiators,
      chap: chap === undefined ? "" : chap.mutual ? "mutual" : "one-way",
      chapUser: chap?.user ?? "",
      targetUser: chap?.mutual?.user ?? "",
      createdAt,
      volumes: volumes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }
}
