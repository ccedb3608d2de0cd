// What hosts asked a unit about its reservations and were told, and what the operator made of its mappings.
import {
  type HostAccess,
  hostOf,
  type NexusName,
  type Rule,
  type UnitRequest,
} from "../checkers/unit-model.ts";
import type { UnitInput, UnitOperation, UnitOutput } from "../checkers/unit-register.ts";

/** From question to answer; without an answer nobody knows what came of it. */
export interface Asked {
  readonly client: string;
  readonly callTime: number;
  readonly returnTime: number | undefined;
}

export class UnitHistory {
  readonly operations: UnitOperation[] = [];

  request(asked: Asked, request: UnitRequest, output: UnitOutput | undefined): void {
    this.add(asked, { kind: "request", request }, output);
  }

  report(
    asked: Asked,
    what: Extract<UnitInput, { readonly kind: "report" }>["what"],
    report: Extract<UnitOutput, { readonly kind: "report" }>["report"],
  ): void {
    this.add(asked, { kind: "report", what }, { kind: "report", report });
  }

  /** RESERVATION CONFLICT to a command of the nexus that reads or writes. */
  refused(asked: Asked, nexus: NexusName, rule: Rule): void {
    this.add(asked, { kind: "refused", nexus, rule }, undefined);
  }

  access(asked: Asked, host: string, access: HostAccess): void {
    this.add(asked, { kind: "access", host, access }, undefined);
  }

  private add(asked: Asked, input: UnitInput, output: UnitOutput | undefined): void {
    this.operations.push({ ...asked, input, output });
  }

  /** Writes that were refused while another host pre-empted theirs: many of them were permitted when they came. */
  get staleWritesRefused(): number {
    const preempted = this.operations.filter(
      ({ input, output }) =>
        input.kind === "request" &&
        input.request.action.startsWith("preempt") &&
        output?.kind === "answer" &&
        output.answer === "done",
    );
    const overlaps = (one: UnitOperation, other: UnitOperation): boolean =>
      one.callTime < (other.returnTime ?? other.callTime) &&
      other.callTime < (one.returnTime ?? one.callTime);
    return this.operations.filter(
      (one) =>
        one.input.kind === "refused" &&
        one.input.rule === "write" &&
        preempted.some((by) => hostOf(by.client) !== hostOf(one.client) && overlaps(one, by)),
    ).length;
  }
}
