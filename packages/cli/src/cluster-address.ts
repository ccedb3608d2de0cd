// Which cluster a command means: --admin, --dir, ASHLAR_ADMIN, or the lab in ./lab, in this order.
import { SystemError } from "@ashlar/core";
import type { AdminClient, AdminClientOptions } from "@ashlar/rpc";
import type { Command } from "commander";

export interface ClusterOptions {
  readonly json?: boolean;
  readonly dir?: string;
  readonly admin?: string;
}

export const LAB_FOLDER_DEFAULT = "lab";

/** Adds the options that every command about a cluster takes. */
export function withClusterOptions(command: Command): Command {
  return command
    .option("--dir <lab>", "folder of the lab that is meant")
    .option("--admin <host:port,...>", "addresses of metadata members (or ASHLAR_ADMIN)")
    .option("--json", "one JSON document on standard output");
}

export const isAddress = (text: string): boolean => /^\S+:\d+$/.test(text);

function splitAddresses(text: string): string[] {
  const addresses = text.split(",").map((address) => address.trim());
  if (addresses.every(isAddress)) return addresses;
  throw new SystemError("argument/invalid", `"${text}" is not a list of HOST:PORT`, {
    hint: "for example --admin 127.0.0.1:20001",
  });
}

/** The folder of the lab that the options mean, if they mean one. */
export async function labFolderOf({ dir, admin }: ClusterOptions): Promise<string | undefined> {
  const { ASHLAR_ADMIN } = process.env;
  if (admin !== undefined || (dir === undefined && ASHLAR_ADMIN)) return undefined;
  const { findLab } = await import("@ashlar/lab");
  const folder = dir ?? LAB_FOLDER_DEFAULT;
  return (await findLab(folder)) ? folder : undefined;
}

type Patience = Pick<AdminClientOptions, "patienceMs">;

async function findAdmin({ dir, admin }: ClusterOptions, patience: Patience): Promise<AdminClient> {
  if (dir !== undefined && admin !== undefined) {
    throw new SystemError("argument/invalid", "--dir and --admin exclude each other", {
      hint: "give one of them",
    });
  }
  const { ASHLAR_ADMIN } = process.env;
  const given = admin ?? (dir === undefined ? ASHLAR_ADMIN : undefined);
  if (given) {
    const { createAdminClient } = await import("@ashlar/rpc");
    return createAdminClient({ ...patience, addresses: splitAddresses(given) });
  }
  const { findLab, labAdmin } = await import("@ashlar/lab");
  const folder = dir ?? LAB_FOLDER_DEFAULT;
  const lab = await findLab(folder);
  if (lab) return labAdmin(lab, patience);
  if (dir !== undefined) {
    throw new SystemError("lab/not-found", `there is no lab in ${dir}`, {
      hint: `make one with \`ashlar lab up --dir ${dir}\`, or give another --dir`,
    });
  }
  throw new SystemError("argument/invalid", "no cluster is given, and there is no lab in ./lab", {
    hint: "give --admin HOST:PORT or --dir LAB, or set ASHLAR_ADMIN",
  });
}

/** Calls the cluster that the options mean; `patience` is for a group without a leader. */
export async function withAdmin<T>(
  options: ClusterOptions,
  call: (admin: AdminClient, signal: AbortSignal) => Promise<T>,
  patience: Patience = {},
): Promise<T> {
  const admin = await findAdmin(options, patience);
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new SystemError("operation/aborted", "interrupted"));
  process.once("SIGINT", onSignal);
  try {
    return await call(admin, interrupt.signal);
  } finally {
    process.off("SIGINT", onSignal);
    admin.close();
  }
}
