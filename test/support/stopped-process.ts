// Processes that a test stops (SIGSTOP) and lets go on, and what waits for them meanwhile.
import { run } from "./tools.ts";

export class StoppedProcesses {
  private pids: number[] = [];

  /** Returns how to let it go on. */
  stop(pid: number): () => void {
    if (!(pid > 0)) throw new Error("there is no such process");
    process.kill(pid, "SIGSTOP");
    this.pids.push(pid);
    return () => {
      this.pids = this.pids.filter((other) => other !== pid);
      process.kill(pid, "SIGCONT");
    };
  }

  resumeAll(): void {
    for (const pid of this.pids.splice(0)) process.kill(pid, "SIGCONT");
  }
}

/** Bytes that wait in the sockets of a portal, given as `host:port`. */
export async function unreadAt(portal: string | undefined): Promise<number> {
  const port = portal?.split(":").at(-1);
  const sockets = await run("ss", "-Htn", "sport", "=", `:${port}`);
  const queues = sockets.split("\n").map((line) => Number(line.trim().split(/\s+/)[1] ?? 0));
  return queues.reduce((sum, queue) => sum + (queue || 0), 0);
}
