// Gateways come and go. On the incarnation of a gateway depend its opId windows, and what hosts have reserved
// through it by RESERVE(6) or (10), which ends with their nexus.
import { afterGatewayLoss } from "@ashlar/reservations";
import { type CommandOf, done, type Result, refused } from "../command.ts";
import type { GatewayRecord } from "../records.ts";
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
  const draining = known?.draining ?? false;
  const record = { gateway, state: "up", incarnation, bootId, portals, draining } as const;
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

export function drainGateway(
  step: Step,
  { gateway, draining, force }: CommandOf<"drainGateway">,
): Result<"drainGateway"> {
  const { gateways } = step.state.view;
  const known = gateways.get(gateway);
  if (!known) {
    const hint = "see `ashlar gateway list`";
    return refused("gateway/not-found", `no gateway is called "${gateway}"`, hint);
  }
  if (known.draining === draining) return done(null);
  const serves = (other: GatewayRecord): boolean =>
    other.gateway !== gateway && other.state === "up" && !other.draining;
  if (draining && !force && ![...gateways.values()].some(serves)) {
    return refused(
      "gateway/needed",
      `no other gateway is up that would take the sessions of ${gateway}`,
      "start another one, or drain it all the same with --force: its hosts lose their disks",
    );
  }
  step.put({ kind: "gateway", record: { ...known, draining } });
  return done(null);
}

function endReserves(step: Step, incarnation: number): void {
  for (const record of step.state.view.volumes.values()) {
    const reservations = afterGatewayLoss(record.reservations, incarnation);
    if (reservations === record.reservations) continue;
    step.put({ kind: "volume", record: { ...record, reservations } });
  }
}
