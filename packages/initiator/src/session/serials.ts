// The three serial numbers of a session of one connection (RFC 7143, 4.2.2): the CmdSN of the next
// non-immediate PDU, the end of the target's window, and the StatSN expected next.
import { serialAdd, serialDistance, TAG_NONE, type TargetPdu } from "@ashlar/iscsi";

/** CmdSN of the login; any value is allowed. */
export const FIRST_CMD_SN = 1;

export class Serials {
  cmdSn = FIRST_CMD_SN;
  expStatSn = 0;
  private maxCmdSn = FIRST_CMD_SN;

  /** Starts full feature phase with the numbers of the last login response. */
  begin({ statSn, maxCmdSn }: { readonly statSn: number; readonly maxCmdSn: number }): void {
    this.expStatSn = serialAdd(statSn, 1);
    this.maxCmdSn = maxCmdSn;
  }

  /** Whether one more non-immediate PDU may be sent. */
  get isOpen(): boolean {
    return serialDistance(this.cmdSn, this.maxCmdSn) >= 0;
  }

  /** The numbers of a non-immediate PDU, which uses up its CmdSN. */
  take(): { readonly cmdSn: number; readonly expStatSn: number } {
    const { cmdSn, expStatSn } = this;
    this.cmdSn = serialAdd(cmdSn, 1);
    return { cmdSn, expStatSn };
  }

  /** The numbers of an immediate PDU. */
  show(): { readonly cmdSn: number; readonly expStatSn: number } {
    return { cmdSn: this.cmdSn, expStatSn: this.expStatSn };
  }

  /** Checks StatSN and moves the window; the rule that was broken, if any. */
  note(pdu: TargetPdu): string | undefined {
    if (carriesStatus(pdu)) {
      if (pdu.statSn !== this.expStatSn) {
        return `${pdu.kind} has StatSN ${pdu.statSn}, expected ${this.expStatSn}`;
      }
      this.expStatSn = serialAdd(this.expStatSn, 1);
    }
    // 4.2.2.1: a MaxCmdSN before ExpCmdSN - 1 is ignored; the window never moves back.
    const sane = serialDistance(serialAdd(pdu.expCmdSn, -1), pdu.maxCmdSn) >= 0;
    if (sane && serialDistance(this.maxCmdSn, pdu.maxCmdSn) > 0) this.maxCmdSn = pdu.maxCmdSn;
    return undefined;
  }
}

/** Whether the PDU consumes a StatSN (4.2.2.2): R2T and pings of the target do not. */
function carriesStatus(pdu: TargetPdu): boolean {
  if (pdu.kind === "r2t") return false;
  if (pdu.kind === "dataIn") return pdu.hasStatus;
  return pdu.kind !== "nopIn" || pdu.itt !== TAG_NONE;
}
