// The supervisor's control interface: HTTP/JSON over a unix socket in the lab folder, reachable by
// who may write there. Commands are few and idempotent; errors are {"error":{code,message,hint}}.

import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { SystemError, toSystemError } from "@ashlar/core";
import type { Log } from "@ashlar/runtime";
import type { ProcessStatus } from "./supervised-process.ts";

export interface SupervisorStatus {
  /** Of the supervisor itself. */
  readonly pid: number;
  readonly processes: readonly ProcessStatus[];
}

/** What the control interface can ask for. */
export interface ControlCommands {
  status(): SupervisorStatus;
  start(id: string): void;
  stop(id: string, options: { readonly kill: boolean }): Promise<void>;
  /** Reads the configuration again and starts the processes it has gained. */
  reload(): Promise<void>;
  /** Stops all processes in order; the supervisor ends after its answer. */
  shutdown(): Promise<void>;
}

type Handler = (commands: ControlCommands, id: string) => unknown;

/** `METHOD /path`, an id in place of `:id`. */
const ROUTES: Readonly<Record<string, Handler>> = {
  "GET /status": (commands) => commands.status(),
  "POST /processes/:id/start": (commands, id) => commands.start(id),
  "POST /processes/:id/stop": (commands, id) => commands.stop(id, { kill: false }),
  "POST /processes/:id/kill": (commands, id) => commands.stop(id, { kill: true }),
  "POST /reload": (commands) => commands.reload(),
  "POST /shutdown": (commands) => commands.shutdown(),
};

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "process/not-found": 404,
  "argument/invalid": 400,
};

async function answer(
  commands: ControlCommands,
  { method = "", url = "" }: IncomingMessage,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const [, id = ""] = /^\/processes\/([^/]+)\//.exec(url) ?? [];
  const route = id === "" ? url : url.replace(`/${id}/`, "/:id/");
  const handler = ROUTES[`${method} ${route}`];
  try {
    if (!handler) throw new SystemError("argument/invalid", `no such command: ${method} ${url}`);
    const body = (await handler(commands, decodeURIComponent(id))) ?? {};
    return { status: 200, body };
  } catch (thrown) {
    const { code, message, meta } = toSystemError(thrown);
    const error = { code, message, hint: meta.hint ?? null };
    return { status: STATUS_OF_CODE[code] ?? 500, body: { error } };
  }
}

/** Whether something answers on a socket; one left by a killed supervisor does not. */
function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: "/status" }, (response) => {
      response.resume();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
    probe.end();
  });
}

export class ControlServer {
  private readonly server: Server;
  private readonly socketPath: string;

  constructor(
    { commands, log }: { readonly commands: ControlCommands; readonly log: Log },
    { socketPath }: { readonly socketPath: string },
  ) {
    this.socketPath = socketPath;
    this.server = createServer((incoming, response) => {
      void answer(commands, incoming).then(({ status, body }) => {
        log.debug({ method: incoming.method, url: incoming.url, status }, "command");
        response.writeHead(status, { "content-type": "application/json", connection: "close" });
        response.end(JSON.stringify(body));
      });
    });
  }

  /** @throws SystemError lab/running when another supervisor answers on the socket. */
  async start(): Promise<void> {
    if (await isAnswered(this.socketPath)) {
      throw new SystemError("lab/running", `a supervisor runs already on ${this.socketPath}`);
    }
    await rm(this.socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.socketPath, resolve);
    });
  }

  /** Takes no more commands; resolves when the answers to those under way are out. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => void this.server.close(() => resolve()));
  }
}
