// Gateways come and go. On the incarnation of a gateway depend its opId windows, and what hosts have reserved
// through it by RESERVE(6) or (10), which ends with their nexus.
import { afterGatewayLoss } from "@ashlar/reservations";
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
  if (known) endReserves(step, known.incarnation);
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
  endReserves(step, incarnation);
  step.put({ kind: "gateway", record: { ...known, state: "down" } });
  return done({ effective: true });
}

function endReserves(step: Step, incarnation: number): void {
  for (const record of step.state.view.volumes.values()) {
    const reservations = afterGatewayLoss(record.reservations, incarnation);
    if (reservations === record.reservations) continue;
    step.put({ kind: "volume", record: { ...record, reservations } });
  }
}
