// Answers to what is no SCSI command: login, task management, logout, and PDUs that are rejected; and what the
// target tells unasked.
import type { ScatterList } from "@ashlar/core";
import type { CommandWindow } from "./command-window.ts";
import { initiatorHeader } from "./initiator-pdu.ts";
import type { LoginAnswer } from "./login.ts";
import { LOGIN_STATUS, type LoginStatus } from "./opcode.ts";
import type { InitiatorPdu, LoginRequest } from "./pdu.ts";
import { formatText, KEY } from "./text.ts";
import type { Transmitter } from "./transmitter.ts";

export class Answers {
  private readonly transmitter: Transmitter;
  private readonly window: () => CommandWindow;

  /** @param window the one in force: a login may begin another. */
  constructor(transmitter: Transmitter, window: () => CommandWindow) {
    this.transmitter = transmitter;
    this.window = window;
  }

  login(
    { isid, itt }: LoginRequest,
    { text, ...stages }: LoginAnswer,
    { status, tsih }: { readonly status: LoginStatus; readonly tsih: number },
  ): void {
    this.transmitter.send({
      kind: "loginResponse",
      ...stages,
      continued: false,
      versionMax: 0,
      versionActive: 0,
      isid,
      tsih,
      itt,
      ...this.serials(),
      status,
      data: text,
    });
  }

  /** The last answer of a login that leads to no session here. */
  loginEnds(request: LoginRequest, status: LoginStatus, text: ScatterList = []): void {
    const answer = { transit: false, csg: request.csg, nsg: 0, text };
    this.login(request, answer, { status, tsih: 0 });
  }

  /** For now only: hosts ask here again after they lost the other portal. */
  redirect(request: LoginRequest, address: string): void {
    const text = formatText([[KEY.targetAddress, address]]);
    this.loginEnds(request, LOGIN_STATUS.movedTemporarily, text);
  }

  /** An event of the session (RFC 7143, 11.9); for events 1 and 3 with 0 to wait, and nothing kept. */
  event(event: number, { withinSeconds = 0 }: { readonly withinSeconds?: number } = {}): void {
    const parameters = { vendorCode: 0, parameter1: 0, parameter2: 0, parameter3: withinSeconds };
    const told = { lun: 0, event, ...parameters, ...this.serials(), data: [] };
    this.transmitter.send({ kind: "asyncMessage", ...told });
  }

  management(itt: number, response: number): void {
    this.transmitter.send({ kind: "taskManagementResponse", response, itt, ...this.serials() });
  }

  logout(itt: number, response: number): void {
    const times = { time2Wait: 0, time2Retain: 0 };
    this.transmitter.send({ kind: "logoutResponse", response, itt, ...this.serials(), ...times });
  }

  /** Rejects a well-formed PDU. */
  rejectPdu(reason: number, pdu: InitiatorPdu): void {
    this.reject(reason, initiatorHeader(pdu));
  }

  reject(reason: number, header: Buffer): void {
    const numbers = { ...this.serials(), dataSn: 0 };
    this.transmitter.send({ kind: "reject", reason, ...numbers, data: [header] });
  }

  private serials(): ReturnType<Transmitter["statusSerials"]> {
    return this.transmitter.statusSerials(this.window());
  }
}
