// What may be said of gateways, for random histories.
import type { NodeId } from "@ashlar/core";
import fc from "fast-check";
import type { Command } from "../command.ts";

const portals = fc.constant([{ address: "127.0.0.1:3260", tpgt: 1, role: "public" as const }]);

/** Commands about the gateways of these names. */
export const gatewayCommands = (gateway: fc.Arbitrary<NodeId>): fc.Arbitrary<Command>[] => [
  fc.record({
    kind: fc.constant("gatewayUp" as const),
    gateway,
    bootId: fc.constantFrom("a", "b"),
    portals,
    incarnationSeen: fc.nat(40),
  }),
  fc.record({ kind: fc.constant("gatewayDown" as const), gateway, incarnation: fc.nat(20) }),
  fc.record({
    kind: fc.constant("drainGateway" as const),
    gateway,
    draining: fc.boolean(),
    force: fc.boolean(),
  }),
];
