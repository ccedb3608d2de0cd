// Calls a supervisor's control interface, see control-server.ts.
import { request } from "node:http";
import { type ErrorMeta, isErrorCode, SystemError } from "@ashlar/core";
import type { SupervisorStatus } from "./control-server.ts";

/** Longer than any command takes: a shutdown stops three kinds in turn, 12 s each at the most. */
const COMMAND_TIMEOUT_MS = 45_000;

interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null };
}

function errorOf({ error }: ErrorBody): SystemError {
  const meta: ErrorMeta = error.hint === null ? {} : { hint: error.hint };
  const code = isErrorCode(error.code) ? error.code : "internal";
  return new SystemError(code, error.message, meta);
}

export class SupervisorClient {
  private readonly socketPath: string;

  constructor({ socketPath }: { readonly socketPath: string }) {
    this.socketPath = socketPath;
  }

  /** Every method rejects with lab/not-running when no supervisor answers. */
  async status(): Promise<SupervisorStatus> {
    return (await this.call("GET", "/status")) as SupervisorStatus;
  }

  async startProcess(id: string): Promise<void> {
    await this.call("POST", `/processes/${encodeURIComponent(id)}/start`);
  }

  /** Resolves when the process is gone; it stays down. */
  async stopProcess(id: string, { kill }: { readonly kill: boolean }): Promise<void> {
    await this.call("POST", `/processes/${encodeURIComponent(id)}/${kill ? "kill" : "stop"}`);
  }

  async reload(): Promise<void> {
    await this.call("POST", "/reload");
  }

  /** Resolves when all processes are gone. */
  async shutdown(): Promise<void> {
    await this.call("POST", "/shutdown");
  }

  private call(method: string, path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        const message = `no supervisor answers: ${error.message}`;
        reject(new SystemError("lab/not-running", message, {}, error));
      };
      const options = { socketPath: this.socketPath, method, path, timeout: COMMAND_TIMEOUT_MS };
      const call = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("error", fail);
        response.once("end", () => {
          const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
          if (response.statusCode === 200) resolve(body);
          else reject(errorOf(body as ErrorBody));
        });
      });
      call.once("timeout", () => call.destroy(new Error("timed out")));
      call.once("error", fail);
      call.end();
    });
  }
}
