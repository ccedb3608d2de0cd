// A Linux host for tests: a virtual machine with the kernel's own initiator, multipath and all their timers
// at the defaults. It reaches what this machine reaches, and obeys one command after the other. Software
// emulates its processor: what it measures says little, what it reads and writes is as true as on any host.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askQemu } from "./qemu-monitor.ts";
import { run, scratchFolder } from "./tools.ts";

const IMAGE = fileURLToPath(new URL("../guest/image", import.meta.url));
/** Several times what it takes on two busy processors. */
const BOOT_DEADLINE_MS = 120_000;
const COMMAND_DEADLINE_MS = 300_000;
const MEMORY_MIB = 768;
/** The end of what the kernel said, for the message of a failed test. */
const CONSOLE_TAIL = 3_000;

/** Where a disk can be plugged in while it runs. */
const SLOT = "free-slot";

const consoleIn = (folder: string): string => join(folder, "console");
const monitorIn = (folder: string): string => join(folder, "monitor");

/** With one processor: two that are emulated mostly wait for each other, and need half as much time again. */
function machineOptions(image: string, folder: string): string[] {
  const root = `file=${join(image, "root.img")},snapshot=on,cache=unsafe`;
  return [
    ...["-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", `${MEMORY_MIB}`],
    ...["-nodefaults", "-no-reboot", "-display", "none"],
    ...["-kernel", join(image, "vmlinux"), "-initrd", join(image, "initrd.cpio")],
    ...["-append", "console=ttyS0 quiet nokaslr mitigations=off net.ifnames=0 panic=-1"],
    ...["-drive", `if=none,id=root,format=raw,${root}`, "-device", "virtio-blk-pci,drive=root"],
    ...["-device", `pcie-root-port,id=${SLOT}`],
    ...["-qmp", `unix:${monitorIn(folder)},server=on,wait=off`],
    ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="],
    ...["-serial", `file:${consoleIn(folder)}`, "-serial", "stdio"],
  ];
}

export interface Said {
  readonly exit: number;
  /** Standard output and standard error, without the ends of the last lines. */
  readonly text: string;
}

/** A command that goes on while others are given. */
export interface GuestJob {
  /** Waits for its end; it must succeed. What it printed. */
  readonly end: () => Promise<string>;
}

export class Guest {
  private readonly qemu: ChildProcess;
  private readonly folder: Awaited<ReturnType<typeof scratchFolder>>;
  private readonly exited: Promise<unknown>;
  private received = "";
  private complaints = "";
  private wake: () => void = () => {};
  private given = 0;
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(qemu: ChildProcess, folder: Guest["folder"]) {
    this.qemu = qemu;
    this.folder = folder;
    this.exited = once(qemu, "exit");
    qemu.stdout?.on("data", (bytes: Buffer) => {
      this.received += bytes.toString();
      this.wake();
    });
    qemu.stderr?.on("data", (bytes: Buffer) => {
      this.complaints += bytes.toString();
    });
    qemu.stdin?.on("error", () => {});
    qemu.once("exit", () => this.wake());
  }

  /** Starts it and waits until it takes commands. */
  static async boot(): Promise<Guest> {
    const image = (await run("bash", IMAGE)).trim();
    const folder = await scratchFolder();
    const options = machineOptions(image, folder.path);
    // Below the processes that are tested, and gone when the tests are.
    const command = ["-n", "5", "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", ...options];
    const guest = new Guest(spawn("nice", command), folder);
    try {
      await guest.heard(/##ready\n/, BOOT_DEADLINE_MS);
      return guest;
    } catch (thrown) {
      await guest.end();
      throw thrown;
    }
  }

  /**
   * Plugs in a disk, /dev/vdb. QEMU uses what `iscsi://host:port/iqn/lun` names, with an initiator of its own. Can be
   * done once.
   */
  async attach(url: string): Promise<void> {
    const drive = `if=none,id=url,format=raw,cache=none,discard=unmap,file=${url}`;
    const disk = { driver: "virtio-blk-pci", drive: "url", bus: SLOT };
    await askQemu(monitorIn(this.folder.path), [
      ["human-monitor-command", { "command-line": `drive_add 0 ${drive}` }, "OK\r\n"],
      ["device_add", disk, {}],
    ]);
    await this.run("until [ -b /dev/vdb ]; do sleep 0.1; done");
  }

  /** Runs a command of its shell that must succeed. */
  async run(command: string): Promise<string> {
    const { exit, text } = await this.outcome(command);
    if (exit === 0) return text;
    throw new Error(`in the guest, ${command}: exit ${exit}\n${text}\n${await this.lastWords()}`);
  }

  /** Runs a command of its shell, whatever its exit status. */
  outcome(command: string): Promise<Said> {
    return this.inTurn(async () => {
      const mark = `##end ${++this.given}`;
      this.qemu.stdin?.write(
        `(${command}\n) </dev/null >/run/said 2>&1; end=$?; printf '%s\\n' "$(</run/said)" "${mark} $end"\n`,
      );
      const ended = new RegExp(`^([^]*)\n${mark} (\\d+)\n`);
      const [, text = "", exit] = await this.heard(ended, COMMAND_DEADLINE_MS);
      return { exit: Number(exit), text };
    });
  }

  /** Starts a command of its shell. */
  async start(command: string): Promise<GuestJob> {
    const name = `/run/job-${++this.given}`;
    await this.inTurn(async () => {
      const job = `(${command}\n) </dev/null >${name} 2>&1; echo $? >${name}.exit`;
      this.qemu.stdin?.write(`{ ${job}; } &\n`);
    });
    const script = `until [ -s ${name}.exit ]; do sleep 0.2; done; cat ${name}; exit $(<${name}.exit)`;
    return { end: () => this.run(script) };
  }

  /** Ends it without a word, whatever is under way. */
  async end(): Promise<void> {
    if (!this.hasEnded) {
      this.qemu.kill("SIGKILL");
      await this.exited;
    }
    await this.folder.remove();
  }

  private get hasEnded(): boolean {
    return this.qemu.exitCode !== null || this.qemu.signalCode !== null;
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.queue.then(task);
    this.queue = done.catch(() => {});
    return done;
  }

  /** Waits for a text and takes all up to its end. */
  private async heard(pattern: RegExp, deadlineMs: number): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(deadlineMs);
    const onLate = (): void => this.wake();
    late.addEventListener("abort", onLate);
    try {
      for (;;) {
        const found = pattern.exec(this.received);
        if (found) {
          this.received = this.received.slice(found.index + found[0].length);
          return found;
        }
        if (late.aborted) throw await this.failure(`not within ${deadlineMs} ms`);
        if (this.hasEnded) throw await this.failure("it ended");
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    } finally {
      late.removeEventListener("abort", onLate);
    }
  }

  private async failure(what: string): Promise<Error> {
    return new Error(`the guest: ${what}; it said ${this.received}\n${await this.lastWords()}`);
  }

  /** Of QEMU and of the kernel. */
  private async lastWords(): Promise<string> {
    const console = await readFile(consoleIn(this.folder.path), "utf8").catch(() => "");
    return `${this.complaints}${console.slice(-CONSOLE_TAIL)}`;
  }
}
