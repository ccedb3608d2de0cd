// Answers to what is no SCSI command: login, task management, logout, and PDUs that are rejected.
import type { CommandWindow } from "./command-window.ts";
import { initiatorHeader } from "./initiator-pdu.ts";
import type { LoginAnswer } from "./login.ts";
import type { LoginStatus } from "./opcode.ts";
import type { InitiatorPdu, LoginRequest } from "./pdu.ts";
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
