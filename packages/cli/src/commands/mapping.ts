// `ashlar volume map` and `unmap`: which hosts may use a volume.
import { hostName, LUN_MAX, SystemError, volumeName } from "@ashlar/core";
import type { AccessEdit, VolumeStatus } from "@ashlar/rpc";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import type { Answer } from "../output.ts";
import { answering } from "../run.ts";

interface MapOptions extends ClusterOptions {
  readonly lun?: string;
  readonly readOnly?: boolean;
  readonly any?: boolean;
}

/** Who may use a volume, a line each. */
export function accessLines({ access, mappings }: VolumeStatus): string[] {
  if (access === "any")
    return ["hosts     any: every initiator may use it, without CHAP of its own"];
  if (mappings.length === 0)
    return ["hosts     none may use it: `ashlar volume map` gives it to one"];
  return mappings.map(
    ({ host, lun, readOnly }) => `host      ${host} at LUN ${lun}${readOnly ? ", read-only" : ""}`,
  );
}

function lunOf(text: string): number {
  const lun = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (lun <= LUN_MAX) return lun;
  throw new SystemError("argument/invalid", `--lun ${text} is not possible`, {
    hint: `give a number from 0 to ${LUN_MAX}, or leave the option out for 0`,
  });
}

function mapEdit(host: string | undefined, options: MapOptions): AccessEdit {
  const { lun, readOnly = false, any = false } = options;
  if (any === (host !== undefined) || (any && (lun !== undefined || readOnly))) {
    throw new SystemError("argument/invalid", "either a host is mapped, or --any is given alone", {
      hint: "see `ashlar volume map --help`",
    });
  }
  if (host === undefined) return { kind: "open" };
  return { kind: "map", mapping: { host: hostName(host), lun: lunOf(lun ?? "0"), readOnly } };
}

async function change(
  name: string,
  edit: AccessEdit,
  options: ClusterOptions,
): Promise<VolumeStatus> {
  const wanted = volumeName(name);
  return withAdmin(options, (admin, signal) => admin.changeAccess(wanted, edit, { signal }));
}

async function map(name: string, host: string | undefined, options: MapOptions): Promise<Answer> {
  const edit = mapEdit(host, options);
  const volume = await change(name, edit, options);
  const said =
    edit.kind === "open"
      ? `${volume.name} is open: every initiator that reaches a portal may read and write it`
      : `${volume.name} is mapped to ${host}; who is not named here may not use it`;
  return { json: volume, lines: [said, ...accessLines(volume)] };
}

async function unmap(name: string, host: string, options: ClusterOptions): Promise<Answer> {
  const volume = await change(name, { kind: "unmap", host: hostName(host) }, options);
  const said = `${volume.name} is not mapped to ${host}: nothing that it sent can be done any more`;
  return { json: volume, lines: [said, ...accessLines(volume)] };
}

export function addMappingCommands(volume: Command): void {
  withClusterOptions(volume.command("map <name> [host]"))
    .description("let a host use a volume, and from then on nobody who is not mapped")
    .option("--lun <number>", `the number of the unit for this host, 0 to ${LUN_MAX} (default: 0)`)
    .option("--read-only", "it may not write; mapped again without this, it may")
    .option("--any", "instead of a host: let every initiator use it, and forget all mappings")
    .action(answering(map));
  withClusterOptions(volume.command("unmap <name> <host>"))
    .description("end that a host uses a volume; its sessions stay, and see no unit")
    .action(answering(unmap));
}
