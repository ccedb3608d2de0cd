// The tools by which an administrator or a cluster manager reserves: sg_persist for the disk of one path, mpathpersist
// for all paths of a multipath device. Both take the same options, and tell of what is registered in nearly the same words.
import type { Guest, Said } from "./guest.ts";

/** Exit statuses of sg3-utils. */
const UNIT_ATTENTION = 6;
export const GOOD = 0;
export const CONFLICT = 24;

/** Option of theirs: when a disk that was open for writing is closed, udev runs all its rules, for seconds. */
export const UNNOTICED = "--readonly";

/** Each of them is told once; more than these are not pending. */
const ATTENTIONS_MAX = 4;

/** Runs one of sg3-utils, once more after a unit attention: other users of the disk may have been told it or not. */
export async function outcomeAfterAttentions(guest: Guest, command: string): Promise<Said> {
  for (let attentions = 0; ; attentions += 1) {
    const said = await guest.outcome(command);
    if (said.exit !== UNIT_ATTENTION || attentions === ATTENTIONS_MAX) return said;
  }
}

/** PERSISTENT RESERVE TYPE 5 as the tools take it and as they call it. */
const TYPE = 5;
export const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = "Write Exclusive, registrants only";

export interface ReservationTold {
  readonly key: string;
  readonly type: string;
}

export interface RegistrantTold {
  readonly key: string;
  /** Relative target port: `0x1`. */
  readonly port: string;
  readonly isHolder: boolean;
  /** Initiator port: its name and its ISID. */
  readonly initiator: string;
}

const KEY = /Key ?= ?(0x[0-9a-f]+)/;

/** Of READ FULL STATUS, in the order of the target's ports. */
export function parseFullStatus(text: string): RegistrantTold[] {
  const registrants = text.split(/(?=Key ?= ?0x)/).flatMap((one) => {
    const key = KEY.exec(one)?.[1];
    if (key === undefined) return [];
    const port = /Relative port address: (\w+)/.exec(one)?.[1] ?? "";
    const initiator = /unique port id: (\S+)/.exec(one)?.[1] ?? "";
    return [{ key, port, isHolder: one.includes("<< Reservation holder >>"), initiator }];
  });
  return registrants.sort((a, b) => a.port.localeCompare(b.port));
}

export class ReservingTool {
  private readonly guest: Guest;
  private readonly command: (options: string) => string;

  private constructor(guest: Guest, command: ReservingTool["command"]) {
    this.guest = guest;
    this.command = command;
  }

  /** Of the disk of one path: `sda`. */
  static ofDisk(guest: Guest, disk: string): ReservingTool {
    const command = `sg_persist --no-inquiry ${UNNOTICED}`;
    return new ReservingTool(guest, (options) => `${command} ${options} /dev/${disk}`);
  }

  /** Of all paths of a multipath device. */
  static ofDevice(guest: Guest, name: string): ReservingTool {
    return new ReservingTool(guest, (options) => `mpathpersist ${options} /dev/mapper/${name}`);
  }

  /** Resolves with the exit status, as all that change something do. */
  register(key: string): Promise<number> {
    return this.change(`--register --param-sark=${key}`);
  }

  unregister(key: string): Promise<number> {
    return this.change(`--register --param-rk=${key} --param-sark=0`);
  }

  reserve(key: string): Promise<number> {
    return this.change(`--reserve --param-rk=${key} --prout-type=${TYPE}`);
  }

  release(key: string): Promise<number> {
    return this.change(`--release --param-rk=${key} --prout-type=${TYPE}`);
  }

  clear(key: string): Promise<number> {
    return this.change(`--clear --param-rk=${key}`);
  }

  async keys(): Promise<string[]> {
    const text = await this.ask("--read-keys");
    const keys = [...text.matchAll(/^\s+(0x[0-9a-f]+)$/gm)].map(([, key = ""]) => key);
    if (keys.length > 0 || /there are NO registered/.test(text)) return keys;
    throw new Error(`neither keys nor none: ${text}`);
  }

  async reservation(): Promise<ReservationTold | undefined> {
    const text = await this.ask("--read-reservation");
    if (/there is NO reservation held/.test(text)) return undefined;
    const [, key = ""] = KEY.exec(text) ?? [];
    const [, type = ""] = /type ?[:=] (.*?)\s*$/m.exec(text) ?? [];
    return { key, type };
  }

  async fullStatus(): Promise<RegistrantTold[]> {
    return parseFullStatus(await this.ask("--read-full-status"));
  }

  /** Fields by the abbreviations of the standard, or as the tool calls those that have none, and types by their names. */
  async capabilities(): Promise<Record<string, number>> {
    const text = await this.ask("--report-capabilities");
    const fields = [...text.matchAll(/^ +(.*?): (\d+)$/gm)];
    return Object.fromEntries(
      fields.map(([, name = "", value]) => [/\((\w+)\)$/.exec(name)?.[1] ?? name, Number(value)]),
    );
  }

  private async change(options: string): Promise<number> {
    return (await outcomeAfterAttentions(this.guest, this.command(`--out ${options}`))).exit;
  }

  private async ask(options: string): Promise<string> {
    const command = this.command(`--in ${options}`);
    const { exit, text } = await outcomeAfterAttentions(this.guest, command);
    if (exit === GOOD) return text;
    throw new Error(`in the guest, ${command}: exit ${exit}\n${text}`);
  }
}
