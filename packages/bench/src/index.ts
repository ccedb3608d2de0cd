export { type BenchProgress, measure } from "./bench.ts";
export { type BenchOptions, type BenchSubject, parseOptions } from "./options.ts";
export { PROFILES, type ProfileName, type Workload } from "./profiles.ts";
export { type BenchReport, formatReport, type WorkloadReport } from "./report.ts";
export { runBench } from "./run-bench.ts";
