// What hosts are told of disks before they log in to any: through every gateway, every disk by every portal.
import { formatPortal, parsePortal } from "@ashlar/initiator";
import { inParallel } from "../../step-judge.ts";
import { type Gateway, hostNamed } from "../fleet.ts";
import { plain } from "../judged-path.ts";
import { othersThan, type StepContext } from "../step-context.ts";

const COMMAND = "SendTargets";

async function discover(
  { judge, fleet }: StepContext,
  host: number,
  gateway: Gateway,
): Promise<void> {
  const { disks, gateways } = fleet.shape;
  const place = { disk: "all disks", host: hostNamed(host), path: gateway.name };
  const told = await judge.good(place, plain(COMMAND), () => fleet.discover(host, gateway));
  const expected = gateways.map(({ portal }) => formatPortal(portal));
  for (const disk of disks) {
    const addresses = told.find(({ name }) => name === disk.iqn)?.addresses ?? [];
    const portals = addresses.map((address) => formatPortal(parsePortal(address)));
    judge.check({ ...place, disk: disk.name }, COMMAND, {
      ok: expected.every((portal) => portals.includes(portal)),
      expected: `the portals ${expected.join(", ")}`,
      found: portals.join(", ") || "none",
    });
  }
}

/** Further portals may be told: a cluster can have more than take part. */
export async function discoverDisks(context: StepContext): Promise<void> {
  const { gateways } = context.fleet.shape;
  await inParallel(
    othersThan(context).flatMap((host) =>
      gateways.map((gateway) => discover(context, host, gateway)),
    ),
  );
}
