// One interface per PDU (RFC 7143, sections 11.3 to 11.17). Numbers are as on the wire; the data
// segment is a scatter list that shares memory with what the socket delivered. LUNs are numbers:
// single-level and flat addressing become 0 .. 16383, any other form LUN_NONE, which no logical
// unit has.
import type { ScatterList } from "@ashlar/core";

/** Stands for a LUN field in a form that no logical unit of ours can have. */
export const LUN_NONE = 0xffff;

export interface NopOut {
  readonly kind: "nopOut";
  readonly immediate: boolean;
  readonly lun: number;
  /** TAG_NONE when no answer is wanted. */
  readonly itt: number;
  /** TAG_NONE unless it answers a NOP-In. */
  readonly ttt: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly data: ScatterList;
}

export interface ScsiCommand {
  readonly kind: "scsiCommand";
  readonly immediate: boolean;
  /** No unsolicited Data-Out follows. */
  readonly final: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly attribute: number;
  readonly lun: number;
  readonly itt: number;
  readonly expectedLength: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  /** 16 bytes, or more when an extended-CDB AHS came along. */
  readonly cdb: Buffer;
  readonly data: ScatterList;
}

export interface TaskManagementRequest {
  readonly kind: "taskManagementRequest";
  readonly immediate: boolean;
  readonly function: number;
  readonly lun: number;
  readonly itt: number;
  readonly referencedItt: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly refCmdSn: number;
  readonly expDataSn: number;
}

export interface LoginRequest {
  readonly kind: "loginRequest";
  readonly transit: boolean;
  readonly continued: boolean;
  readonly csg: number;
  readonly nsg: number;
  readonly versionMax: number;
  readonly versionMin: number;
  /** Twelve hexadecimal digits. */
  readonly isid: string;
  readonly tsih: number;
  readonly itt: number;
  readonly cid: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly data: ScatterList;
}

export interface TextRequest {
  readonly kind: "textRequest";
  readonly immediate: boolean;
  readonly final: boolean;
  readonly continued: boolean;
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly data: ScatterList;
}

export interface DataOut {
  readonly kind: "dataOut";
  readonly final: boolean;
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly expStatSn: number;
  readonly dataSn: number;
  readonly bufferOffset: number;
  readonly data: ScatterList;
}

export interface LogoutRequest {
  readonly kind: "logoutRequest";
  readonly immediate: boolean;
  readonly reason: number;
  readonly itt: number;
  readonly cid: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
}

/** A PDU whose opcode its receiver does not know; the header goes into the Reject. */
export interface UnknownPdu {
  readonly kind: "unknown";
  readonly opcode: number;
  readonly immediate: boolean;
  readonly itt: number;
  readonly header: Buffer;
  readonly data: ScatterList;
}

export type InitiatorPdu =
  | NopOut
  | ScsiCommand
  | TaskManagementRequest
  | LoginRequest
  | TextRequest
  | DataOut
  | LogoutRequest;

/** Numbering that every PDU of a target carries. */
interface TargetSerials {
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

export interface NopIn extends TargetSerials {
  readonly kind: "nopIn";
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly data: ScatterList;
}

export interface ScsiResponse extends TargetSerials {
  readonly kind: "scsiResponse";
  readonly overflow: boolean;
  readonly underflow: boolean;
  /** 0 when the command completed at the target. */
  readonly response: number;
  readonly status: number;
  readonly itt: number;
  readonly expDataSn: number;
  readonly residual: number;
  /** SenseLength (2 bytes) and sense, or nothing. */
  readonly data: ScatterList;
}

export interface TaskManagementResponse extends TargetSerials {
  readonly kind: "taskManagementResponse";
  readonly response: number;
  readonly itt: number;
}

export interface LoginResponse extends TargetSerials {
  readonly kind: "loginResponse";
  readonly transit: boolean;
  readonly continued: boolean;
  readonly csg: number;
  readonly nsg: number;
  readonly versionMax: number;
  readonly versionActive: number;
  readonly isid: string;
  readonly tsih: number;
  readonly itt: number;
  /** Class in the upper byte, detail in the lower: LOGIN_STATUS. */
  readonly status: number;
  readonly data: ScatterList;
}

export interface TextResponse extends TargetSerials {
  readonly kind: "textResponse";
  readonly final: boolean;
  readonly continued: boolean;
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly data: ScatterList;
}

export interface DataIn extends TargetSerials {
  readonly kind: "dataIn";
  readonly final: boolean;
  readonly acknowledge: boolean;
  readonly overflow: boolean;
  readonly underflow: boolean;
  /** The S bit: status, residual and statSn are meant. */
  readonly hasStatus: boolean;
  readonly status: number;
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly dataSn: number;
  readonly bufferOffset: number;
  readonly residual: number;
  readonly data: ScatterList;
}

export interface LogoutResponse extends TargetSerials {
  readonly kind: "logoutResponse";
  readonly response: number;
  readonly itt: number;
  /** Seconds. */
  readonly time2Wait: number;
  readonly time2Retain: number;
}

export interface R2t extends TargetSerials {
  readonly kind: "r2t";
  readonly lun: number;
  readonly itt: number;
  readonly ttt: number;
  readonly r2tSn: number;
  readonly bufferOffset: number;
  readonly desiredLength: number;
}

export interface AsyncMessage extends TargetSerials {
  readonly kind: "asyncMessage";
  readonly lun: number;
  readonly event: number;
  readonly vendorCode: number;
  readonly parameter1: number;
  readonly parameter2: number;
  readonly parameter3: number;
  readonly data: ScatterList;
}

export interface Reject extends TargetSerials {
  readonly kind: "reject";
  readonly reason: number;
  readonly dataSn: number;
  /** The header of what was rejected. */
  readonly data: ScatterList;
}

export type TargetPdu =
  | NopIn
  | ScsiResponse
  | TaskManagementResponse
  | LoginResponse
  | TextResponse
  | DataIn
  | LogoutResponse
  | R2t
  | AsyncMessage
  | Reject;

/** Which digests follow headers and data segments. */
export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}
export const NO_DIGESTS: Digests = { header: false, data: false };
