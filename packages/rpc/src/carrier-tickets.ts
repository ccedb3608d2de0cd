// Tickets of the carriers that were authorised and not yet opened: random, good once, for ten
// seconds. They stand between the authorised call and the plain connection that follows it.
import { timingSafeEqual } from "node:crypto";
import { SystemError } from "@ashlar/core";
import type { Clock, Random } from "@ashlar/runtime";
import type { CarrierKind, CarrierPeer, CarrierPurpose } from "./carrier.ts";
import { TICKET_LENGTH } from "./chunk-service.ts";

const TICKET_LIFE_MS = 10_000;
/** Peers open a few carriers each; more than this at once is a fault or an attack. */
const TICKETS_MAX = 1024;

export interface Authorisation {
  readonly kind: CarrierKind;
  readonly purpose: CarrierPurpose;
  readonly version: number;
  readonly peer: CarrierPeer;
}

export class CarrierTickets {
  private readonly clock: Clock;
  private readonly random: Random;
  private issued: {
    readonly ticket: Buffer;
    readonly until: number;
    readonly authorisation: Authorisation;
  }[] = [];

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.clock = clock;
    this.random = random;
  }

  /** @throws SystemError node/busy. */
  issue(authorisation: Authorisation): Buffer {
    const now = this.clock.nowMs();
    this.issued = this.issued.filter(({ until }) => until > now);
    if (this.issued.length >= TICKETS_MAX) {
      throw new SystemError("node/busy", `${TICKETS_MAX} carriers are being opened already`);
    }
    const ticket = this.random.bytes(TICKET_LENGTH);
    this.issued.push({ ticket, until: now + TICKET_LIFE_MS, authorisation });
    return ticket;
  }

  /**
   * What a ticket was issued for; it is used up. Compares with every ticket in constant time.
   * @throws SystemError rpc/unavailable.
   */
  redeem(ticket: Buffer, kind: CarrierKind): Authorisation {
    const now = this.clock.nowMs();
    let found: (typeof this.issued)[number] | undefined;
    if (ticket.length === TICKET_LENGTH) {
      for (const candidate of this.issued) {
        if (timingSafeEqual(candidate.ticket, ticket)) found = candidate;
      }
    }
    if (found) this.issued = this.issued.filter((other) => other !== found);
    if (!found || found.until <= now || found.authorisation.kind !== kind) {
      throw new SystemError("rpc/unavailable", "the carrier's ticket is unknown or has expired", {
        hint: "open the carrier again",
      });
    }
    return found.authorisation;
  }
}
