// How an ACTIVE primary reads: from committed state, after the request arrived, past no entry that
// was logged before it. The disk is read while the members confirm (confirmations.ts).
import type { Confirmations, Unconfirmed } from "./confirmations.ts";
import type { ReplyTo } from "./events.ts";
import type { Operation } from "./operations.ts";
import type { ReplicaCore } from "./replica-core.ts";

interface Read {
  readonly operation: Operation;
  readonly replyTo: ReplyTo;
  readonly request: Unconfirmed;
}

export class PrimaryReads {
  private readonly core: ReplicaCore;
  private readonly confirmations: Confirmations;
  private over = false;

  constructor(core: ReplicaCore, confirmations: Confirmations) {
    this.core = core;
    this.confirmations = confirmations;
  }

  read(operation: Operation, replyTo: ReplyTo): void {
    const { core } = this;
    const request = this.confirmations.begin(operation.length);
    if (!request) {
      core.answer(replyTo, "busy");
      return;
    }
    const read: Read = { operation, replyTo, request };
    const logged = core.log.lastOverlap(operation.offset, operation.length);
    if (logged) logged.waiters.push({ kind: "read", replyTo, readNow: () => this.readNow(read) });
    else this.readNow(read);
  }

  end(): void {
    this.over = true;
  }

  private readNow({ operation, replyTo, request }: Read): void {
    const { core, confirmations } = this;
    const { offset, length } = operation;
    const refuse = (): void => core.refuseLead(operation, replyTo);
    core.ask(
      { kind: "read", offset, length },
      ({ data, checksums }) => {
        if (this.over) {
          refuse();
          return;
        }
        const tell = (): void =>
          core.reply(replyTo, {
            status: "good",
            epoch: core.knownEpoch,
            value: 0,
            data,
            checksums,
          });
        confirmations.answer(request, { tell, refuse });
      },
      (failure) => {
        confirmations.drop(request);
        core.answer(replyTo, failure === "diskFailed" ? "diskFailed" : "badChecksum");
      },
    );
  }
}
