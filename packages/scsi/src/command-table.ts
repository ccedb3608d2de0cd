// Every command this server knows. To add one: describe it beside its relatives, list it here.
import type { CommandRow } from "./command.ts";
import { READ_CAPACITY_10, READ_CAPACITY_16 } from "./sbc/capacity.ts";
import { COMPARE_AND_WRITE } from "./sbc/compare-and-write.ts";
import { READ_DEFECT_DATA_10, READ_DEFECT_DATA_12, REASSIGN_BLOCKS } from "./sbc/defects.ts";
import { GET_LBA_STATUS } from "./sbc/lba-status.ts";
import { PREFETCH_10, PREFETCH_16, READ_6, READ_10, READ_12, READ_16 } from "./sbc/read.ts";
import { SYNCHRONIZE_CACHE_10, SYNCHRONIZE_CACHE_16 } from "./sbc/synchronize-cache.ts";
import { UNMAP } from "./sbc/unmap.ts";
import { VERIFY_10, VERIFY_12, VERIFY_16 } from "./sbc/verify.ts";
import {
  ORWRITE_16,
  WRITE_6,
  WRITE_10,
  WRITE_12,
  WRITE_16,
  WRITE_AND_VERIFY_10,
  WRITE_AND_VERIFY_12,
  WRITE_AND_VERIFY_16,
} from "./sbc/write.ts";
import { WRITE_SAME_10, WRITE_SAME_16 } from "./sbc/write-same.ts";
import { SENSE, type Sense } from "./sense.ts";
import { READ_BUFFER, WRITE_BUFFER } from "./spc/buffer.ts";
import { RECEIVE_DIAGNOSTIC_RESULTS, SEND_DIAGNOSTIC } from "./spc/diagnostic.ts";
import { EXTENDED_COPY } from "./spc/extended-copy.ts";
import { INQUIRY } from "./spc/inquiry.ts";
import { LOG_SENSE } from "./spc/log-sense.ts";
import { MODE_SELECT_6, MODE_SELECT_10 } from "./spc/mode-select.ts";
import { MODE_SENSE_6, MODE_SENSE_10 } from "./spc/mode-sense.ts";
import { PERSISTENT_RESERVE_IN } from "./spc/persistent-reserve-in.ts";
import { PERSISTENT_RESERVE_OUT } from "./spc/persistent-reserve-out.ts";
import {
  RECEIVE_COPY_OPERATING_PARAMETERS,
  RECEIVE_COPY_STATUS,
} from "./spc/receive-copy-results.ts";
import { REPORT_LUNS } from "./spc/report-luns.ts";
import { reportSupportedOpcodes } from "./spc/report-opcodes.ts";
import { REPORT_TASK_MANAGEMENT } from "./spc/report-task-management.ts";
import { REQUEST_SENSE } from "./spc/request-sense.ts";
import { RELEASE_6, RELEASE_10, RESERVE_6, RESERVE_10 } from "./spc/reserve-release.ts";
import { REPORT_TARGET_PORT_GROUPS } from "./spc/target-port-groups.ts";
import { START_STOP_UNIT, TEST_UNIT_READY } from "./spc/test-unit-ready.ts";

/** In order of opcode, as REPORT SUPPORTED OPERATION CODES lists them. */
export const COMMAND_TABLE: readonly CommandRow[] = [
  TEST_UNIT_READY,
  REQUEST_SENSE,
  REASSIGN_BLOCKS,
  READ_6,
  WRITE_6,
  INQUIRY,
  RESERVE_6,
  RELEASE_6,
  MODE_SELECT_6,
  MODE_SENSE_6,
  START_STOP_UNIT,
  RECEIVE_DIAGNOSTIC_RESULTS,
  SEND_DIAGNOSTIC,
  READ_CAPACITY_10,
  READ_10,
  WRITE_10,
  WRITE_AND_VERIFY_10,
  VERIFY_10,
  PREFETCH_10,
  SYNCHRONIZE_CACHE_10,
  READ_DEFECT_DATA_10,
  WRITE_BUFFER,
  READ_BUFFER,
  WRITE_SAME_10,
  UNMAP,
  LOG_SENSE,
  MODE_SELECT_10,
  RESERVE_10,
  RELEASE_10,
  MODE_SENSE_10,
  ...PERSISTENT_RESERVE_IN,
  ...PERSISTENT_RESERVE_OUT,
  EXTENDED_COPY,
  RECEIVE_COPY_STATUS,
  RECEIVE_COPY_OPERATING_PARAMETERS,
  READ_16,
  COMPARE_AND_WRITE,
  WRITE_16,
  ORWRITE_16,
  WRITE_AND_VERIFY_16,
  VERIFY_16,
  PREFETCH_16,
  SYNCHRONIZE_CACHE_16,
  WRITE_SAME_16,
  READ_CAPACITY_16,
  GET_LBA_STATUS,
  REPORT_LUNS,
  REPORT_TARGET_PORT_GROUPS,
  reportSupportedOpcodes(() => COMMAND_TABLE),
  REPORT_TASK_MANAGEMENT,
  READ_12,
  WRITE_12,
  WRITE_AND_VERIFY_12,
  VERIFY_12,
  READ_DEFECT_DATA_12,
];

const SERVICE_ACTION_MASK = 0x1f;

const ROWS_BY_OPCODE: readonly (readonly CommandRow[])[] = Array.from(
  { length: 256 },
  (_, opcode) => COMMAND_TABLE.filter((row) => row.opcode === opcode),
);

/** The row of a CDB, or the sense that says what about it is unknown. */
export function findCommand(cdb: Buffer): CommandRow | Sense {
  const rows = ROWS_BY_OPCODE[cdb.readUInt8(0)] ?? [];
  const first = rows[0];
  if (!first) return SENSE.invalidOpcode;
  if (first.serviceAction === undefined) return first;
  const serviceAction = cdb.readUInt8(1) & SERVICE_ACTION_MASK;
  const row = rows.find((candidate) => candidate.serviceAction === serviceAction);
  return row ?? { ...SENSE.invalidFieldInCdb, cdbByte: 1 };
}
