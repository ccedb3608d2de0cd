// The command line of the bench.
import { parseArgs } from "node:util";
import { MIB, parseSize, SystemError } from "@ashlar/core";
import { type IscsiUrl, parseIscsiUrl } from "@ashlar/initiator";
import { isProfileName, PROFILES, type ProfileName } from "./profiles.ts";

export const USAGE = `usage: ashlar bench [options]

Measures a cluster with real initiators (qemu-img bench, and one of our own) and says what each
process spent. Without --dir or --url it starts a lab of its own and removes it afterwards.

  --dir LAB            measure a running lab; a volume is created for it and deleted at the end
  --url URL            measure any target instead: iscsi://[user%secret@]host[:port]/iqn/lun. ITS
                       CONTENT IS LOST.
  --process NAME=PID   with --url: a process to account for (may be repeated)
  --profile NAME       ${Object.keys(PROFILES).join(", ")} (default quick)
  --seconds S          length of each workload (default: the profile's)
  --size SIZE          size of the volume that is used, filled first (default: the profile's)
  --carrier KIND       socket or grpc: what the lab's processes speak (own lab only)
  --json               print one JSON document instead of tables
  --help               this text
`;

export type BenchSubject =
  | { readonly kind: "ownLab"; readonly carrier: string | undefined }
  | { readonly kind: "lab"; readonly dir: string }
  | {
      readonly kind: "url";
      readonly url: IscsiUrl;
      readonly processes: readonly { readonly id: string; readonly pid: number }[];
    };

export interface BenchOptions {
  readonly subject: BenchSubject;
  readonly profile: ProfileName;
  readonly seconds: number;
  readonly sizeBytes: number;
  readonly json: boolean;
}

/** Longest single workload. */
const SECONDS_MAX = 3600;
const SIZE_MIN = 64 * MIB;

/**
 * Undefined when help was asked for.
 * @throws SystemError argument/invalid
 */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = readArguments(argv);
  if (values.help) return undefined;
  const profile = values.profile ?? "quick";
  if (!isProfileName(profile)) {
    throw invalid(`profile "${profile}" is not known`, Object.keys(PROFILES).join(", "));
  }
  const seconds = Number(values.seconds ?? PROFILES[profile].seconds);
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    throw invalid(`--seconds ${values.seconds} is out of range`, `0.1 .. ${SECONDS_MAX}`);
  }
  const sizeBytes = values.size ? parseSize(values.size) : PROFILES[profile].sizeBytes;
  if (sizeBytes < SIZE_MIN || sizeBytes % MIB !== 0) {
    throw invalid(`--size ${values.size} will not do`, "whole MiB, at least 64MiB");
  }
  return { subject: subjectOf(values), profile, seconds, sizeBytes, json: values.json ?? false };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        dir: { type: "string" },
        url: { type: "string" },
        process: { type: "string", multiple: true },
        profile: { type: "string" },
        seconds: { type: "string" },
        size: { type: "string" },
        carrier: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (thrown) {
    throw new SystemError("argument/invalid", String((thrown as Error).message), {}, thrown);
  }
}

function subjectOf(values: {
  readonly dir?: string | undefined;
  readonly url?: string | undefined;
  readonly process?: readonly string[] | undefined;
  readonly carrier?: string | undefined;
}): BenchSubject {
  const { dir, url, carrier, process: processes = [] } = values;
  if (dir !== undefined && url !== undefined) throw invalid("--dir and --url exclude each other");
  if (carrier !== undefined && (dir !== undefined || url !== undefined)) {
    throw invalid("--carrier is for the bench's own lab");
  }
  if (carrier !== undefined && carrier !== "socket" && carrier !== "grpc") {
    throw invalid(`--carrier ${carrier} is not known`, "socket, grpc");
  }
  if (processes.length > 0 && url === undefined) throw invalid("--process goes with --url");
  if (url !== undefined) {
    return { kind: "url", url: parseIscsiUrl(url), processes: processes.map(parseProcess) };
  }
  return dir === undefined ? { kind: "ownLab", carrier } : { kind: "lab", dir };
}

function parseProcess(text: string): { readonly id: string; readonly pid: number } {
  const match = /^([^=]+)=(\d+)$/.exec(text);
  if (!match?.[1] || !match[2]) throw invalid(`--process ${text} is not NAME=PID`);
  return { id: match[1], pid: Number(match[2]) };
}

function invalid(message: string, choices?: string): SystemError {
  const hint = choices === undefined ? "see --help" : `choose from: ${choices}`;
  return new SystemError("argument/invalid", message, { hint });
}
