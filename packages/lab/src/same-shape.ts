import { SystemError } from "@ashlar/core";
import { isGateway, isMetadata, isStorage, type LabDocument } from "./lab-file.ts";
import type { LabShape, UpOptions } from "./lab-shape.ts";

/** What an existing lab has of each option, and what was asked for. */
const COMPARED: Readonly<
  Record<
    keyof Omit<UpOptions, "advertise" | "carrier">,
    readonly [(lab: LabDocument) => unknown, (shape: LabShape) => unknown]
  >
> = {
  nodes: [(lab) => lab.processes.filter(isStorage).length, (shape) => shape.nodes],
  metadata: [(lab) => lab.processes.filter(isMetadata).length, (shape) => shape.metadata],
  gateways: [(lab) => lab.processes.filter(isGateway).length, (shape) => shape.gateways],
  disks: [(lab) => lab.processes.find(isStorage)?.disks.length, (shape) => shape.disksPerNode],
  diskSize: [
    (lab) => lab.processes.find(isStorage)?.disks[0]?.sizeBytes,
    (shape) => shape.diskSizeBytes,
  ],
  mirror: [
    (lab) => lab.processes.find(isStorage)?.disks[0]?.mirrored ?? false,
    (shape) => shape.mirror,
  ],
  redirect: [
    (lab) => lab.processes.find(isGateway)?.privatePortal !== undefined,
    (shape) => shape.redirect,
  ],
  isolate: [(lab) => lab.network !== undefined, (shape) => shape.isolate],
  networks: [(lab) => lab.network?.networks ?? 1, (shape) => shape.networks],
  dataNetwork: [(lab) => lab.network?.dataNetwork, (shape) => shape.dataNetwork],
  listen: [(lab) => lab.processes.find(isGateway)?.listen.host, (shape) => shape.listen.host],
};

/**
 * A lab keeps its shape: options that ask for another one are refused, absent ones are no question.
 * @throws SystemError lab/exists
 */
export function checkSameShape(lab: LabDocument, options: UpOptions, shape: LabShape): void {
  for (const [option, [has, wants]] of Object.entries(COMPARED)) {
    if (options[option as keyof UpOptions] === undefined || has(lab) === wants(shape)) continue;
    const name = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const made = has(lab) === false ? `without --${name}` : `with --${name} ${String(has(lab))}`;
    throw new SystemError("lab/exists", `this lab was made ${made}, which cannot change at up`, {
      hint: "leave the option out, use `ashlar lab add`, or give another --dir",
    });
  }
}
