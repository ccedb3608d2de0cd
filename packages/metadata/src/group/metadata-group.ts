// The group as one member takes part in it: its folder, the core and its host, the log the services see,
// and what is told about the group. Everything but the services themselves.
import { type ClusterId, type NodeId, type SystemError, toSystemError } from "@ashlar/core";
import { type MemberId, NONE } from "@ashlar/raft";
import type { RaftInbox, RaftTransport } from "@ashlar/rpc";
import type { Clock, Log, Random, Startable } from "@ashlar/runtime";
import type { LogMetrics } from "../metrics.ts";
import { CatalogMachine, restoreFrom } from "./catalog-machine.ts";
import { GroupFormats } from "./group-formats.ts";
import { GroupLog } from "./group-log.ts";
import { GroupView } from "./group-view.ts";
import { HashExchange } from "./hash-exchange.ts";
import { MemberAddresses } from "./member-addresses.ts";
import type { MemberFolder } from "./member-folder.ts";
import { RaftHost } from "./raft-host.ts";

export interface MetadataGroupDeps {
  readonly folder: MemberFolder;
  /** The network, which needs to know whom it serves and where the others are. */
  readonly openTransport: (
    inbox: RaftInbox,
    addressOf: (member: MemberId) => string | undefined,
  ) => RaftTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: LogMetrics;
}

export interface MetadataGroupOptions {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  /** Members as the configuration has them. */
  readonly members: readonly { readonly nodeId: NodeId; readonly address: string }[];
  /** The process cannot go on: its disk failed, or it went another way than the others. */
  readonly onFatal: (error: SystemError) => void;
  /** Random per process start, told to who asks; empty where nobody does. */
  readonly bootId?: string | undefined;
  /** Entries from one snapshot to the next, for tests. */
  readonly snapshotEntries?: number;
}

export class MetadataGroup implements Startable {
  readonly log: GroupLog;
  readonly host: RaftHost;
  readonly view: GroupView;
  readonly addresses: MemberAddresses;
  readonly machine = new CatalogMachine();
  readonly formats: GroupFormats;
  readonly inbox: RaftInbox;
  private readonly deps: MetadataGroupDeps;
  private readonly options: MetadataGroupOptions;
  private readonly transport: RaftTransport;
  private readonly hashes: HashExchange;

  /** @throws SystemError disk/corrupt: the snapshot was written by another version. */
  constructor(deps: MetadataGroupDeps, options: MetadataGroupOptions) {
    this.deps = deps;
    this.options = options;
    const { folder, clock, log } = deps;
    restoreFrom(folder.store, this.machine);
    this.formats = new GroupFormats(folder.member);
    this.log = new GroupLog({ ...deps, machine: this.machine, formats: this.formats });
    const lastIndex = folder.store.lastIndex();
    this.addresses = new MemberAddresses(this.log, options.members, { lastIndex });
    this.inbox = this.openInbox();
    this.transport = deps.openTransport(this.inbox, (member) => this.addresses.of(member));
    this.host = this.openHost();
    this.log.attach(this.host);
    const { clusterId, nodeId, bootId = "" } = options;
    const self = { clusterId, nodeId, bootId };
    this.view = new GroupView({ log: this.log, host: this.host, clock }, self);
    this.hashes = new HashExchange(
      {
        machine: this.machine,
        groupLog: this.log,
        host: this.host,
        formats: this.formats,
        clock,
        log,
      },
      { onDiffers: (error) => void this.diverged(error) },
    );
  }

  async start(): Promise<void> {
    await this.hashes.start();
    this.host.start();
  }

  async stop(): Promise<void> {
    await this.hashes.stop();
    this.log.close();
    await this.host.stop();
    await this.transport.stop();
  }

  /** Whether the group, as this member sees it, has it under its number and this address, and is led. */
  knowsAt(address: string): boolean {
    if (this.log.leads) return true;
    const { membership, leader } = this.host.status;
    const record = this.log.view.members.get(this.options.nodeId);
    return (
      leader !== NONE &&
      membership.incoming.has(this.host.member) &&
      record?.member === this.host.member &&
      record.address === address
    );
  }

  /** A process ended: if it was the leader, the next one is elected at once. False for strangers. */
  memberEnded(node: NodeId): boolean {
    if (!this.log.view.members.has(node)) return false;
    if (node !== this.options.nodeId && this.log.leader?.node === node) this.host.leaderIsGone();
    return true;
  }

  /** What arrives: the host is made after the transport that it needs. */
  private openInbox(): RaftInbox {
    const { log, folder } = this.deps;
    return {
      member: folder.member,
      receive: (message) => this.host.receive(message),
      reads: (peer, formats) => this.formats.note(peer, formats),
      unreachable: (peer) => this.host.unreachable(peer),
      snapshotSent: (peer, outcome) => this.host.snapshotSent(peer, outcome),
      refused: (by, code) => log.warn({ by, code }, "a member does not know this one"),
    };
  }

  private openHost(): RaftHost {
    const { folder } = this.deps;
    return new RaftHost(
      { ...this.deps, storage: folder.store, transport: this.transport },
      {
        machine: this.log,
        events: {
          onSoftState: (state) => this.log.onSoftState(state),
          onRead: (read) => this.log.onRead(read),
          onMembership: () => this.noteVoters(),
          onNoSpace: (error) => this.log.onNoSpace(error),
          onFatal: (error) => this.fail(error),
        },
      },
      { ...this.options, member: folder.member },
    );
  }

  private noteVoters(): void {
    const { incoming } = this.host.status.membership;
    this.deps.folder.noteVoters(incoming.size).catch((thrown) => {
      const error = toSystemError(thrown);
      this.deps.log.warn({ code: error.code, error }, "member file not written");
    });
  }

  /** It answers nobody from now on; why is noted if the disk lets it, and it ends either way. */
  private async diverged(error: SystemError): Promise<void> {
    this.log.close();
    await this.deps.folder.noteDiverged(error.message).catch(() => {});
    this.fail(error);
  }

  private fail(error: SystemError): void {
    this.log.close();
    this.options.onFatal(error);
  }
}
