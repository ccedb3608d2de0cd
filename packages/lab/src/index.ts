export { connectLines, labLines } from "./connect-text.ts";
export { Lab, type LabLog, type LabOptions } from "./lab.ts";
export { findLab, type LabDocument, type LabProcess, readLab } from "./lab-file.ts";
export { CHUNK_SIZE, type UpOptions } from "./lab-shape.ts";
export type { LabReport, LabStatus } from "./lab-status.ts";
export { labAdmin } from "./readiness.ts";
