// Gateways come and go. Nothing depends on a gateway but the opId windows of its incarnation.
import { type CommandOf, done, type Result, refused } from "../command.ts";
import type { Step } from "../state.ts";
import { INCARNATION_MAX, seeIncarnation } from "./incarnations.ts";
import { nameRefusal } from "./names.ts";

/** A repeated registration of the same running process changes nothing. */
export function gatewayUp(
  step: Step,
  { gateway, bootId, portals, incarnationSeen }: CommandOf<"gatewayUp">,
): Result<"gatewayUp"> {
  if (incarnationSeen > INCARNATION_MAX) {
    return refused("argument/invalid", `${gateway} has seen numbers that were never given`);
  }
  const refusal = nameRefusal(step, gateway, "gateways");
  if (refusal) return refusal;
  seeIncarnation(step, incarnationSeen);
  const known = step.state.view.gateways.get(gateway);
  if (known?.state === "up" && known.bootId === bootId) {
    return done({ incarnation: known.incarnation });
  }
  const incarnation = step.nextIncarnation();
  const record = { gateway, state: "up", incarnation, bootId, portals } as const;
  step.put({ kind: "gateway", record });
  return done({ incarnation });
}

export function gatewayDown(
  step: Step,
  { gateway, incarnation }: CommandOf<"gatewayDown">,
): Result<"gatewayDown"> {
  const known = step.state.view.gateways.get(gateway);
  if (known?.state !== "up" || known.incarnation !== incarnation) return done({ effective: false });
  step.put({ kind: "gateway", record: { ...known, state: "down" } });
  return done({ effective: true });
}
