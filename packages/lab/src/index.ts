export { connectLines, labLines } from "./connect-text.ts";
export type { RehearsalOptions } from "./drills/cluster-validation/rehearsal.ts";
export {
  openComposeSite,
  openLabSite,
  rehearseValidation,
  runFaults,
} from "./drills/drills.ts";
export type { FaultDrill } from "./drills/faults/fault.ts";
export { FAULT_DRILLS } from "./drills/faults/fault-drills.ts";
export type { Impact } from "./drills/faults/impact.ts";
export { MeasuredDevice, type OperationMeter } from "./drills/faults/measured-device.ts";
export type { FaultDrillOptions } from "./drills/faults/run-fault-drill.ts";
export { type Stall, StallMeter } from "./drills/faults/stall-meter.ts";
export { type Receipt, receiptLines, type StepReport } from "./drills/receipt.ts";
export { checkReceiptPath, writeReceipt } from "./drills/receipt-file.ts";
export {
  type DiskFault,
  type DrillAdmin,
  type DrillSite,
  type Inability,
  requireAbilities,
  SITE_ABILITIES,
  type SiteAbility,
  type SiteDisk,
  type SitePortal,
  type SiteProcess,
  type SiteProcessKind,
} from "./drills/site/drill-site.ts";
export { networkOf } from "./isolation.ts";
export { Lab, type LabLog, type LabOptions } from "./lab.ts";
export { findLab, type LabDocument, type LabProcess, readLab } from "./lab-file.ts";
export {
  LabNetwork,
  type NetworkHost,
  type NetworkPlan,
  OUTSIDE,
  type Way,
} from "./lab-network.ts";
export { CHUNK_SIZE, type UpOptions } from "./lab-shape.ts";
export type { LabReport, LabStatus } from "./lab-status.ts";
export { labAdmin } from "./readiness.ts";
