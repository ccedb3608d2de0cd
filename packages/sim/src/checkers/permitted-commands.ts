// P11: what was done was permitted at its place in the order of its block. One order must explain a block and its
// unit together: nothing of a nexus without the right, or of a host without a mapping, takes effect between what
// took the right away and what gave it back. An unanswered write that was seen took effect, some time before its
// host's last proof of the path was too old: it has a place like any other (P9). One that nobody saw has none. And
// what a PREEMPT AND ABORT found in the unit is done before it or never, also where its nexus has a right again.
// But what takes no right away is in force before it is told, and before it is answered: a command may use such a
// right while the request that gives it is under way, though PERSISTENT RESERVE IN does not tell of it yet.
import { assert } from "@ashlar/core";
import { checkLinearizable } from "../linearizability/checker.ts";
import { explainVerdict } from "../linearizability/explanation.ts";
import type { Model, Operation, StepResult } from "../linearizability/model.ts";
import {
  BLOCK_REGISTER,
  type BlockInput,
  type BlockOperation,
  type BlockOutput,
  UNSEEN,
} from "./block-register.ts";
import { EFFECT_MAX_MS, type GivenUp } from "./late-effects.ts";
import {
  answerTo,
  isAllowed,
  isMapped,
  type NexusName,
  NO_KEY,
  textOf,
  UNUSED_UNIT,
  type UnitRequest,
  type UnitState,
  wasAborted,
} from "./unit-model.ts";
import {
  STEPS_MAX,
  type UnitInput,
  type UnitOperation,
  type UnitOutput,
  unitStep,
} from "./unit-register.ts";

interface BlockOfUnit {
  readonly unit: UnitState;
  readonly stamp: number;
}

type CommandInput =
  | UnitInput
  /** The nexus is undefined for who reads beneath the unit. */
  | {
      readonly kind: "block";
      readonly nexus: NexusName | undefined;
      readonly block: BlockInput;
      /** When the unit had it for certain, if that is known. */
      readonly arrivedMs: number | undefined;
      /** Requests under way meanwhile that take no right away. */
      readonly widening: readonly UnitRequest[];
    };
type CommandOutput = UnitOutput | BlockOutput;
type CommandOperation = Operation<CommandInput, CommandOutput>;

const REFUSED = { ok: false } as const;
/** A request that is not answered by then is told, or is not done. */
const CHANGE_MAX_MS = 12_000;

function step(
  state: BlockOfUnit,
  input: CommandInput,
  output: CommandOutput | undefined,
): StepResult<BlockOfUnit> {
  const { unit, stamp } = state;
  if (input.kind !== "block") {
    const next = unitStep(unit, input, output as UnitOutput | undefined);
    return next.ok ? { ok: true, state: { unit: next.state, stamp } } : REFUSED;
  }
  if (!isPermitted(unit, input)) return REFUSED;
  const next = BLOCK_REGISTER.step(stamp, input.block, output as BlockOutput | undefined);
  return next.ok ? { ok: true, state: { unit, stamp: next.state } } : REFUSED;
}

function isPermitted(
  unit: UnitState,
  { nexus, block, arrivedMs, widening }: Extract<CommandInput, { readonly kind: "block" }>,
): boolean {
  if (nexus === undefined) return true;
  const rule = block.kind === "read" ? "read" : "write";
  if (!isMapped(unit, nexus, rule)) return false;
  if (arrivedMs !== undefined && wasAborted(unit, nexus, arrivedMs)) return false;
  if (isAllowed(unit, nexus, rule)) return true;
  return widening.some((request) => isAllowed(answerTo(unit, request).state, nexus, rule));
}

/** Requests of which none takes a right away, by when they are under way. */
function wideningRequests(unit: readonly UnitOperation[]) {
  return unit.flatMap(({ callTime, returnTime, input }) => {
    if (input.kind !== "request") return [];
    const { request } = input;
    const { action, other } = request;
    const registers = action.startsWith("register") && other !== NO_KEY;
    if (!registers && action !== "release" && action !== "clear") return [];
    return [{ callTime, endTime: returnTime ?? callTime + CHANGE_MAX_MS, request }];
  });
}

const COMMANDS: Model<BlockOfUnit, CommandInput, CommandOutput> = {
  initial: () => ({ unit: UNUSED_UNIT, stamp: 0 }),
  step,
  key: ({ unit, stamp }) => `${textOf(unit)}|${stamp}`,
};

export interface UnitCommands {
  /** Of the unit's blocks; `client` is the nexus. */
  readonly blocks: readonly BlockOperation[];
  readonly givenUp: readonly GivenUp[];
  /** When the unit had a write or a swap for certain, by its stamp. */
  readonly arrivals: ReadonlyMap<number, number>;
  /** Whoever is in `beneath` reads without the unit's leave. */
  readonly beneath: ReadonlySet<string>;
  readonly unit: readonly UnitOperation[];
}

export function checkPermitted(commands: UnitCommands): void {
  const { blocks, givenUp, unit } = commands;
  const widening = wideningRequests(unit);
  const shared = unit.filter(({ input: { kind } }) => kind !== "refused");
  const ends = new Map(givenUp.map(({ register, stamp, atMs }) => [`${register} ${stamp}`, atMs]));
  for (const part of BLOCK_REGISTER.partition?.(blocks) ?? []) {
    const own = part.map((operation) => commandOf(operation, ends, { ...commands, widening }));
    const verdict = checkLinearizable(COMMANDS, [...shared, ...own], { stepsMax: STEPS_MAX });
    const register = part[0]?.input.register;
    assert(verdict.kind !== "undecided", `P11: commands of ${register} can be judged`);
    assert(
      verdict.kind === "linearizable",
      `P11: permitted commands: ${register} ${explainVerdict(verdict)}`,
    );
  }
}

function commandOf(
  { client, callTime, returnTime, input, output }: BlockOperation,
  ends: ReadonlyMap<string, number>,
  {
    arrivals,
    beneath,
    widening,
  }: Pick<UnitCommands, "arrivals" | "beneath"> & {
    readonly widening: ReturnType<typeof wideningRequests>;
  },
): CommandOperation {
  // What a miscompare may have met and nobody has seen: whether it was permitted is nobody's harm.
  const isFree = beneath.has(client) || input.stamp === UNSEEN;
  const nexus = isFree ? undefined : client;
  const arrivedMs = isFree ? undefined : arrivals.get(input.stamp);
  const meanwhile = widening
    .filter((one) => one.callTime <= (returnTime ?? callTime) && callTime <= one.endTime)
    .map(({ request }) => request);
  const asked = { kind: "block", nexus, block: input, arrivedMs, widening: meanwhile } as const;
  const command = { client, callTime, input: asked };
  const atMs = ends.get(`${input.register} ${input.stamp}`);
  if (returnTime !== undefined || atMs === undefined) return { ...command, returnTime, output };
  return { ...command, returnTime: atMs + EFFECT_MAX_MS, output: { kind: "written" } };
}
