// What is measured: a lab of our own, a running lab, or any target by URL. Each gives a URL to load,
// the processes to account for, and a way to leave no trace.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SystemError } from "@ashlar/core";
import { type IscsiUrl, parsePortal } from "@ashlar/initiator";
import type { BenchOptions, BenchSubject } from "./options.ts";
import type { ObservedProcess } from "./process-usage.ts";
import { runCommand } from "./run-command.ts";

export interface Subject {
  readonly description: string;
  readonly url: IscsiUrl;
  /** Role processes as they are now; asked before each workload. */
  processes(): Promise<readonly ObservedProcess[]>;
  /** Removes what was made for the measurement. */
  close(): Promise<void>;
}

interface LabDocument {
  readonly portals: readonly string[];
  readonly volumes: readonly {
    readonly name: string;
    readonly iqn: string;
    readonly lun: number;
  }[];
  readonly processes: readonly { readonly id: string; readonly pid: number | null }[];
}

type Ashlar = (args: readonly string[], options?: { signal: AbortSignal }) => Promise<string>;

const COMMAND = fileURLToPath(new URL("../../cli/bin/ashlar.js", import.meta.url));

export interface SubjectOptions {
  readonly signal: AbortSignal;
  /** Script that is the `ashlar` command. */
  readonly command?: string;
}

export function openSubject(
  { subject, sizeBytes }: Pick<BenchOptions, "subject" | "sizeBytes">,
  { signal, command = COMMAND }: SubjectOptions,
): Promise<Subject> {
  if (subject.kind === "url") return Promise.resolve(urlSubject(subject));
  if (subject.kind === "lab") {
    const ashlar = commandFor(command, signal);
    return labSubject(ashlar, { dir: subject.dir, sizeBytes, description: `lab ${subject.dir}` });
  }
  return ownLab(subject, sizeBytes, commandFor(command, signal));
}

function urlSubject({ url, processes }: Extract<BenchSubject, { kind: "url" }>): Subject {
  return {
    description: `target ${url.targetName}`,
    url,
    processes: () => Promise.resolve(processes),
    close: () => Promise.resolve(),
  };
}

/** Runs the `ashlar` command; cleaning up goes on after an interrupt, with a signal of its own. */
function commandFor(command: string, signal: AbortSignal): Ashlar {
  return (args, options = { signal }) => runCommand(process.execPath, [command, ...args], options);
}

async function ownLab(
  { carrier }: Extract<BenchSubject, { kind: "ownLab" }>,
  sizeBytes: number,
  ashlar: Ashlar,
): Promise<Subject> {
  const dir = await mkdtemp(join(tmpdir(), "ashlar-bench-"));
  const close = async (): Promise<void> => {
    try {
      await ashlar(["lab", "down", "--dir", dir, "--json"], fresh());
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  };
  try {
    const shape = carrier === undefined ? [] : ["--carrier", carrier];
    await ashlar(["lab", "up", "--dir", dir, "--detach", "--json", ...shape]);
    const description = `own lab, carrier ${carrier ?? "socket"}`;
    const subject = await labSubject(ashlar, { dir, sizeBytes, description });
    return { ...subject, close };
  } catch (thrown) {
    // The first failure is the one to tell; that of cleaning up would hide it.
    await close().catch(() => {});
    throw thrown;
  }
}

async function labSubject(
  ashlar: Ashlar,
  options: { readonly dir: string; readonly sizeBytes: number; readonly description: string },
): Promise<Subject> {
  const { dir, sizeBytes, description } = options;
  const name = `bench-${process.pid}`;
  const status = async (): Promise<LabDocument> =>
    JSON.parse(await ashlar(["lab", "status", "--dir", dir, "--json"]));
  const size = ["--size", String(sizeBytes)];
  await ashlar(["volume", "create", name, ...size, "--dir", dir, "--json"]);
  const close = async (): Promise<void> => {
    await ashlar(["volume", "delete", name, "--dir", dir, "--json"], fresh());
  };
  try {
    const { portals, volumes } = await status();
    const volume = volumes.find((each) => each.name === name);
    if (!volume || !portals[0]) {
      throw new SystemError("volume/not-found", `the lab in ${dir} does not list ${name}`);
    }
    const portal = parsePortal(portals[0]);
    return {
      description,
      url: { portal, targetName: volume.iqn, lun: volume.lun },
      processes: async () =>
        (await status()).processes.flatMap(({ id, pid }) => (pid === null ? [] : [{ id, pid }])),
      close,
    };
  } catch (thrown) {
    await close().catch(() => {});
    throw thrown;
  }
}

/** Time that cleaning up may take. */
const CLOSE_TIMEOUT_MS = 60_000;
const fresh = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) });
