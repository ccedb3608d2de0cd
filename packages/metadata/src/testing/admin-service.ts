// The Admin service of one member of a group under test; who leads chunks closes generations as the test says.
import { silentLog } from "@ashlar/runtime";
import { DiskAdministration } from "../disk-administration.ts";
import { GenerationChanges, type GenerationChangesDeps } from "../generation-changes.ts";
import { HostAdministration } from "../host-administration.ts";
import { LogAdminService } from "../services/admin-service.ts";
import { VolumeChecker } from "../volume-check.ts";
import { VolumeCreation } from "../volume-creation.ts";
import { GROUP_CLUSTER, type TestGroup, type TestMember } from "./test-group.ts";

export function adminServiceOf(
  { clock }: TestGroup,
  { log, group: { view } }: TestMember,
  closer: GenerationChangesDeps["closer"],
): LogAdminService {
  const reportOf = (): undefined => undefined;
  const calls = { scrubDisk: () => Promise.reject(new Error("not in this test")) };
  const deps = { replicatedLog: log, closer, clock, log: silentLog };
  return new LogAdminService({
    log,
    changes: new GenerationChanges(deps),
    creation: new VolumeCreation({ replicatedLog: log, clock, log: silentLog }),
    checker: new VolumeChecker({ log, clock }, { clusterId: GROUP_CLUSTER }),
    disks: new DiskAdministration({ log, clock, reportOf, calls }),
    hosts: new HostAdministration({ log, clock }),
    reportOf,
    lostPathsTo: () => [],
    sessionsOf: () => null,
    group: view,
  });
}
