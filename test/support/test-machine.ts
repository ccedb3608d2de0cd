// A machine of a cluster as its owner makes it: one command in the foreground, on an address of its own. Loopback
// addresses take the place of machines, so ports are those of a real one.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ASHLAR } from "./test-lab.ts";

/** Another network for each process that runs tests: 127.A.B.0/24. */
const NETWORK = `127.${1 + ((process.pid >> 8) % 250)}.${process.pid % 256}`;

export class TestMachine {
  readonly name: string;
  readonly host: string;
  readonly dir: string;
  private readonly child: ChildProcess;
  private out = "";
  private err = "";

  private constructor(command: readonly string[], machine: { number: number; folder: string }) {
    this.name = `m${machine.number}`;
    this.host = `${NETWORK}.${machine.number}`;
    this.dir = join(machine.folder, this.name);
    const own = ["--dir", this.dir, "--host", this.host, "--name", this.name, "--disk", "1GiB"];
    this.child = spawn(process.execPath, [ASHLAR, ...command, ...own], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (text: Buffer) => {
      this.out += text.toString();
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.err += text.toString();
    });
  }

  static async first(folder: string): Promise<{ machine: TestMachine; token: string }> {
    const machine = new TestMachine(["cluster", "init", "--json"], { number: 1, folder });
    while (!machine.out.includes("\n")) await machine.heard();
    const [line = ""] = machine.out.split("\n");
    return { machine, token: (JSON.parse(line) as { token: string }).token };
  }

  static join(token: string, number: number, folder: string, ...options: string[]): TestMachine {
    return new TestMachine(["node", "join", token, ...options], { number, folder });
  }

  get admin(): string {
    return `${this.host}:7001`;
  }

  get portal(): string {
    return `${this.host}:3260`;
  }

  /** What it said, for who looks for the reason of a failure. */
  get said(): string {
    return this.out + this.err;
  }

  /** Ends it as its owner does; its processes end first. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
  }

  private async heard(): Promise<void> {
    const ended = once(this.child, "exit").then(() => {
      throw new Error(`${this.name} has ended: ${this.said}`);
    });
    await Promise.race([once(this.child.stdout as NodeJS.ReadableStream, "data"), ended]);
  }
}
