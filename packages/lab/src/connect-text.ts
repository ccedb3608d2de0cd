// What `lab up` and `lab status` print for people: where everything is, and the very commands that
// connect a host to a volume. Pure.
import { formatSize } from "@ashlar/core";
import type { LabReport } from "./lab-status.ts";

interface Target {
  readonly portals: readonly { readonly host: string; readonly port: string }[];
  readonly iqn: string;
  readonly lun: number;
}

function splitPortal(portal: string): { host: string; port: string } {
  const colon = portal.lastIndexOf(":");
  const host = portal.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: portal.slice(colon + 1) };
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function linuxLines({ portals, iqn }: Target): string[] {
  return [
    "Linux (open-iscsi, multipath-tools), as root:",
    ...indented([
      ...portals.map(({ host, port }) => `iscsiadm -m discovery -t sendtargets -p ${host}:${port}`),
      ...portals.map(({ host, port }) => `iscsiadm -m node -T ${iqn} -p ${host}:${port} --login`),
      "multipath -ll",
    ]),
  ];
}

function qemuLines({ portals, iqn, lun }: Target): string[] {
  const urls = portals.map(({ host, port }) => `iscsi://${host}:${port}/${iqn}/${lun}`);
  const [first = "", last = first] = [urls[0], urls.at(-1)];
  return [
    "QEMU (qemu-utils, qemu-block-extra), any path:",
    ...indented([
      `qemu-img convert -n -p -O raw disk.img ${first}`,
      `qemu-io -f raw -c 'read 0 1M' ${last}`,
    ]),
  ];
}

function windowsLines({ portals, iqn }: Target): string[] {
  return [
    "Windows (PowerShell as administrator; MPIO needs a restart once):",
    ...indented([
      "Start-Service MSiSCSI; Set-Service MSiSCSI -StartupType Automatic",
      "Install-WindowsFeature Multipath-IO; Enable-MSDSMAutomaticClaim -BusType iSCSI",
      ...portals.map(
        ({ host, port }) =>
          `New-IscsiTargetPortal -TargetPortalAddress ${host} -TargetPortalPortNumber ${port}`,
      ),
      ...portals.map(
        ({ host, port }) =>
          `Connect-IscsiTarget -NodeAddress ${iqn} -TargetPortalAddress ${host} ` +
          `-TargetPortalPortNumber ${port} -IsMultipathEnabled $true -IsPersistent $true`,
      ),
    ]),
  ];
}

function processLines({ status, states, metrics }: LabReport): string[] {
  const width = Math.max(...status.processes.map(({ id }) => id.length));
  return status.processes.map(({ id, pid }) => {
    const state = pid === null ? (states.get(id) ?? "down") : `pid ${pid}`;
    return `${id.padEnd(width)}  ${state.padEnd(12)} ${metrics.get(id) ?? ""}`;
  });
}

function volumeLines({ status, volumesKnown }: LabReport): string[] {
  if (!volumesKnown) return ["(the metadata service does not answer)"];
  return status.volumes.map(
    ({ name, sizeBytes, iqn, lun }) => `${name}  ${formatSize(sizeBytes)}  ${iqn}  LUN ${lun}`,
  );
}

/** The human form of a lab's status, one line per element. */
export function labLines(report: LabReport): string[] {
  const { status } = report;
  return [
    `folder   ${status.dir}`,
    `portals  ${status.portals.join("  ")}`,
    `admin    ${status.admin.join(",")}`,
    "volumes",
    ...indented(volumeLines(report)),
    "processes and their metrics",
    ...indented(processLines(report)),
  ];
}

/** The commands that connect a host to the first volume; none when there is no volume. */
export function connectLines({ status }: LabReport): string[] {
  const [volume] = status.volumes;
  if (!volume) return [];
  const target = { ...volume, portals: status.portals.map(splitPortal) };
  return [linuxLines(target), qemuLines(target), windowsLines(target)].flatMap((lines) => [
    "",
    ...lines,
  ]);
}
