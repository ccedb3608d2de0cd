// A real iSCSI initiator for a load: one `qemu-nbd` per portal, whose block layer logs in with libiscsi
// and whose NBD socket the load writes to. It has no multipath: each is a path by itself, with the
// reconnects, repeats and time limits that libiscsi and QEMU come with.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NbdDevice } from "./nbd-device.ts";
import { scratchFolder, until } from "./tools.ts";

const LOGIN_DEADLINE_MS = 30_000;

interface Path {
  readonly process: ChildProcess;
  readonly device: NbdDevice;
  /** What it said, for the message of a failed test. */
  readonly said: () => string;
}

export class QemuInitiator {
  private readonly paths: readonly Path[];
  private readonly removeFolder: () => Promise<void>;

  private constructor(paths: readonly Path[], removeFolder: () => Promise<void>) {
    this.paths = paths;
    this.removeFolder = removeFolder;
  }

  /** Logs in at each URL: `iscsi://host:port/iqn/lun`. */
  static async login(urls: readonly string[]): Promise<QemuInitiator> {
    const folder = await scratchFolder();
    const paths: Path[] = [];
    const initiator = new QemuInitiator(paths, folder.remove);
    try {
      for (const [at, url] of urls.entries()) {
        paths.push(await openPath(url, join(folder.path, `path-${at + 1}`)));
      }
      return initiator;
    } catch (thrown) {
      await initiator.end("SIGKILL");
      throw thrown;
    }
  }

  get devices(): readonly NbdDevice[] {
    return this.paths.map(({ device }) => device);
  }

  /** Everything QEMU complained about. */
  get complaints(): string {
    return this.paths.map(({ said }) => said()).join("");
  }

  async logout(): Promise<void> {
    for (const { device } of this.paths) await device.close();
    await this.end("SIGTERM");
  }

  /** Ends without a word, whatever is under way. */
  async drop(): Promise<void> {
    await this.end("SIGKILL");
  }

  private async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    for (const { process } of this.paths) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const ended = once(process, "exit");
      process.kill(signal);
      await ended;
    }
    await this.removeFolder();
  }
}

async function openPath(url: string, socketPath: string): Promise<Path> {
  const options = ["-f", "raw", "--cache=none", "--discard=unmap", "--persistent"];
  const process = spawn("qemu-nbd", [...options, "--socket", socketPath, url], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  process.stderr?.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const ask = async (): Promise<boolean> => {
    if (process.exitCode !== null) throw new Error(`qemu-nbd ${url}: ${said}`);
    return existsSync(socketPath);
  };
  await until(`login at ${url}`, LOGIN_DEADLINE_MS, ask, (listens) => listens);
  return { process, device: await NbdDevice.open(socketPath), said: () => said };
}
