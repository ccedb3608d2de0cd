// What hosts ask a unit and are told, as tests write it: from when to when, by whom, and what.
import {
  NO_KEY,
  type Rule,
  type UnitAnswer,
  type UnitReport,
  type UnitRequest,
} from "../checkers/unit-model.ts";
import type { UnitOperation } from "../checkers/unit-register.ts";

/** From question to answer; no answer came without the second. */
export type Times = readonly [callTime: number, returnTime?: number];

export const A: string = "a".repeat(16);
export const B: string = "b".repeat(16);

const timed = ([callTime, returnTime]: Times, client: string) => ({ client, callTime, returnTime });

export function asked(
  times: Times,
  fields: Partial<UnitRequest> & Pick<UnitRequest, "nexus" | "action">,
  answer: UnitAnswer["answer"] = "done",
): UnitOperation {
  const request: UnitRequest = { key: NO_KEY, other: NO_KEY, type: 5, ...fields };
  return {
    ...timed(times, request.nexus),
    input: { kind: "request", request },
    output: times[1] === undefined ? undefined : { kind: "answer", answer },
  };
}

export const registered = (times: Times, nexus: string, key: string): UnitOperation =>
  asked(times, { nexus, action: "registerAndIgnoreExistingKey", other: key });

/** READ KEYS. */
export function keysTold(
  times: Times,
  report: Extract<UnitReport, { readonly keys: unknown }>,
): UnitOperation {
  return {
    ...timed(times, "host-3@1"),
    input: { kind: "report", what: "readKeys" },
    output: { kind: "report", report },
  };
}

export const refused = (times: Times, nexus: string, rule: Rule): UnitOperation => ({
  ...timed(times, nexus),
  input: { kind: "refused", nexus, rule },
  output: undefined,
});

export const given = (
  times: Times,
  host: string,
  access: "readWrite" | "readOnly" | "none",
): UnitOperation => ({
  ...timed(times, "operator"),
  input: { kind: "access", host, access },
  output: undefined,
});
