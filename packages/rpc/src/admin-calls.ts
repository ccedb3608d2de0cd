// How people's calls reach the member that leads: the caller names some members, from there the others are found,
// and the loss of a leader is ridden out. Whatever is asked can be asked again: reads by nature, and what is
// proposed, in a session.
import type { ProposalId } from "@ashlar/catalog";
import type { AdminClientOptions } from "./admin-client.ts";
import { AdminPatience, isAnswer } from "./admin-patience.ts";
import { attended } from "./attended-call.ts";
import type { Abortable, CallableMethod, GrpcClient } from "./grpc-client.ts";
import { LeaderBelief } from "./leader-belief.ts";
import { askGroupStatus, joinedAddresses } from "./member-answers.ts";
import { type Attempt, MemberCalls, type Ports } from "./member-calls.ts";
import { ProposerSession } from "./proposer-session.ts";
import { sessionsService } from "./services.ts";

/** The service gives a change up much earlier. */
const CHANGE_DEADLINE_MS = 30_000;

export class AdminCalls {
  readonly belief: LeaderBelief;
  private readonly ports: Ports;
  private readonly options: AdminClientOptions;
  private readonly calls: MemberCalls;
  private readonly session: ProposerSession;
  /** Whether a member told where the others are. */
  private knowsGroup = false;

  constructor(ports: Ports, options: AdminClientOptions) {
    const { clusterId, addresses } = options;
    this.ports = ports;
    this.options = options;
    this.belief = new LeaderBelief(ports, addresses);
    this.calls = new MemberCalls(ports, { clusterId, belief: this.belief });
    this.session = new ProposerSession({
      open: ({ signal }) => this.unary(sessionsService.Open, {}, { signal }),
    });
  }

  close(): void {
    this.calls.close();
  }

  /** Sent again after a loss of the leader under the same name, so that it takes effect once. */
  propose<Q, R>(method: CallableMethod<Q, R>, request: Q, options: Abortable): Promise<R> {
    return this.session.run((name) => this.unary(method, request, options, name), options);
  }

  /** A change of a volume's shared state waits for the nodes that lead its chunks. */
  change<Q, R>(method: CallableMethod<Q, R>, request: Q, options: Abortable): Promise<R> {
    return this.session.run(
      (name) =>
        this.attend(options, (member, attempt) =>
          member.unary(method, request, {
            ...attempt,
            deadlineMs: CHANGE_DEADLINE_MS,
            proposal: name(),
          }),
        ),
      options,
    );
  }

  /** A call that takes milliseconds. */
  unary<Q, R>(
    method: CallableMethod<Q, R>,
    request: Q,
    { signal }: Abortable,
    name?: () => ProposalId,
  ): Promise<R> {
    return this.ask({ signal }, (member, attempt, patience) => {
      const deadlineMs = patience.attemptMs(attempt.deadlineMs);
      return member.unary(method, request, { ...attempt, deadlineMs, proposal: name?.() });
    });
  }

  /** A call that may take long. */
  attend<T>(
    { signal }: Abortable,
    call: (member: GrpcClient, options: Abortable) => Promise<T>,
  ): Promise<T> {
    return this.ask({ signal }, (member, attempt, patience) => {
      const onAlive = (): void => patience.served();
      const options = { signal: attempt.signal, member, onAlive };
      return attended(this.ports, (heard) => call(member, heard), options);
    });
  }

  private ask<T>(
    { signal }: Abortable,
    call: (member: GrpcClient, attempt: Attempt, patience: AdminPatience) => Promise<T>,
  ): Promise<T> {
    const { patienceMs } = this.options;
    const members = (): readonly string[] => this.belief.members;
    const patience = new AdminPatience(this.ports, { members, patienceMs });
    return this.calls.ask((member, attempt) => call(member, attempt, patience), {
      signal,
      onFailed: async ({ address }, error) => {
        if (isAnswer(error.code) && !this.knowsGroup) await this.learnFrom(address, { signal });
        patience.failed(address, error);
      },
    });
  }

  /** A member that does not lead still knows where the others are. */
  private async learnFrom(address: string, { signal }: Abortable): Promise<void> {
    const { clusterId } = this.options;
    try {
      const { network } = this.ports;
      const group = await askGroupStatus({ address, clusterId, network }, { signal });
      this.belief.learn(joinedAddresses(group));
      this.knowsGroup = true;
    } catch (thrown) {
      signal.throwIfAborted();
      const { log } = this.ports;
      log.debug({ address, error: thrown }, "a member does not tell its group");
    }
  }
}
