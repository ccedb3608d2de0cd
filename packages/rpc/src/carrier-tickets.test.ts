import { nodeId } from "@ashlar/core";
import { nodeRandom } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { describe, expect, it } from "vitest";
import { type Authorisation, CarrierTickets } from "./carrier-tickets.ts";

const authorisation: Authorisation = {
  kind: "socket",
  purpose: "operations",
  version: 4,
  peer: { node: nodeId("gateway-1"), incarnation: 7 },
};

function tickets() {
  const clock = new ManualClock();
  return { clock, tickets: new CarrierTickets({ clock, random: nodeRandom }) };
}

describe("carrier tickets", () => {
  it("are good once, for the kind they were issued for", () => {
    const { tickets: issued } = tickets();
    const ticket = issued.issue(authorisation);
    expect(issued.redeem(ticket, "socket")).toBe(authorisation);
    expect(() => issued.redeem(ticket, "socket")).toThrow("unknown or has expired");
    expect(() => issued.redeem(issued.issue(authorisation), "grpc")).toThrow("unknown");
    expect(() => issued.redeem(Buffer.alloc(3), "socket")).toThrow("unknown");
  });

  it("expire after ten seconds", () => {
    const { clock, tickets: issued } = tickets();
    const [early, late] = [issued.issue(authorisation), issued.issue(authorisation)];
    clock.advance(9_999);
    expect(issued.redeem(early, "socket")).toBe(authorisation);
    clock.advance(1);
    expect(() => issued.redeem(late, "socket")).toThrow("unknown or has expired");
  });

  it("are bounded in number, and expired ones make room", () => {
    const { clock, tickets: issued } = tickets();
    for (let i = 0; i < 1024; i++) issued.issue(authorisation);
    expect(() => issued.issue(authorisation)).toThrow("1024 carriers");
    clock.advance(10_001);
    issued.issue(authorisation);
  });
});
