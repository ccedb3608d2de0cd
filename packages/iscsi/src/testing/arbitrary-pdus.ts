// Arbitrary PDUs of both directions for property tests of whatever encodes or decodes them.
import type { ScatterList } from "@ashlar/core";
import fc from "fast-check";
import type { InitiatorPdu, TargetPdu } from "../pdu.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bit = fc.boolean();
const lun = fc.integer({ min: 0, max: 0x3fff });
const stage = fc.constantFrom(0, 1, 3);
const isid = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((b) => Buffer.from(b).toString("hex"));
const data: fc.Arbitrary<ScatterList> = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 3 })
  .map((parts) => parts.map((part) => Buffer.from(part)));
const cdb = fc
  .oneof(fc.constant(16), fc.integer({ min: 17, max: 60 }))
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
  .map((bytes) => Buffer.from(bytes));

const request = { cmdSn: u32, expStatSn: u32 };
const tags = { lun, itt: u32, ttt: u32 };
const serials = { statSn: u32, expCmdSn: u32, maxCmdSn: u32 };
const residuals = { overflow: bit, underflow: bit, residual: u32 };

const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

export const arbitraryInitiatorPdu: fc.Arbitrary<InitiatorPdu> = fc.oneof(
  fc.record({ kind: kind("nopOut"), immediate: bit, ...tags, ...request, data }),
  fc.record({
    kind: kind("scsiCommand"),
    immediate: bit,
    final: bit,
    read: bit,
    write: bit,
    attribute: fc.integer({ min: 0, max: 7 }),
    lun,
    itt: u32,
    expectedLength: u32,
    ...request,
    cdb,
    data,
  }),
  fc.record({
    kind: kind("taskManagementRequest"),
    immediate: bit,
    function: fc.integer({ min: 0, max: 127 }),
    lun,
    itt: u32,
    referencedItt: u32,
    ...request,
    refCmdSn: u32,
    expDataSn: u32,
  }),
  fc.record({
    kind: kind("loginRequest"),
    transit: bit,
    continued: bit,
    csg: stage,
    nsg: stage,
    versionMax: u8,
    versionMin: u8,
    isid,
    tsih: u16,
    itt: u32,
    cid: u16,
    ...request,
    data,
  }),
  fc.record({
    kind: kind("textRequest"),
    immediate: bit,
    final: bit,
    continued: bit,
    ...tags,
    ...request,
    data,
  }),
  fc.record({
    kind: kind("dataOut"),
    final: bit,
    ...tags,
    expStatSn: u32,
    dataSn: u32,
    bufferOffset: u32,
    data,
  }),
  fc.record({
    kind: kind("logoutRequest"),
    immediate: bit,
    reason: fc.integer({ min: 0, max: 127 }),
    itt: u32,
    cid: u16,
    ...request,
  }),
);

export const arbitraryTargetPdu: fc.Arbitrary<TargetPdu> = fc.oneof(
  fc.record({ kind: kind("nopIn"), ...tags, ...serials, data }),
  fc.record({
    kind: kind("scsiResponse"),
    ...residuals,
    response: u8,
    status: u8,
    itt: u32,
    ...serials,
    expDataSn: u32,
    data,
  }),
  fc.record({ kind: kind("taskManagementResponse"), response: u8, itt: u32, ...serials }),
  fc.record({
    kind: kind("loginResponse"),
    transit: bit,
    continued: bit,
    csg: stage,
    nsg: stage,
    versionMax: u8,
    versionActive: u8,
    isid,
    tsih: u16,
    itt: u32,
    ...serials,
    status: u16,
    data,
  }),
  fc.record({ kind: kind("textResponse"), final: bit, continued: bit, ...tags, ...serials, data }),
  fc.record({
    kind: kind("dataIn"),
    final: bit,
    acknowledge: bit,
    hasStatus: bit,
    ...residuals,
    status: u8,
    ...tags,
    ...serials,
    dataSn: u32,
    bufferOffset: u32,
    data,
  }),
  fc.record({
    kind: kind("logoutResponse"),
    response: u8,
    itt: u32,
    ...serials,
    time2Wait: u16,
    time2Retain: u16,
  }),
  fc.record({
    kind: kind("r2t"),
    ...tags,
    ...serials,
    r2tSn: u32,
    bufferOffset: u32,
    desiredLength: u32,
  }),
  fc.record({
    kind: kind("asyncMessage"),
    lun,
    ...serials,
    event: u8,
    vendorCode: u8,
    parameter1: u16,
    parameter2: u16,
    parameter3: u16,
    data,
  }),
  fc.record({ kind: kind("reject"), reason: u8, ...serials, dataSn: u32, data }),
);
