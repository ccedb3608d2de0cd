// Commands to a QEMU that runs, over the socket of its monitor (QMP): one line of JSON each way for each of them.
import { once } from "node:events";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

/** A command, its arguments and the answer there has to be. */
export type QemuCommand = readonly [execute: string, args: object, answer: unknown];

/** Events come in between, without one of these. */
interface Reply {
  readonly return?: unknown;
  readonly error?: unknown;
}

/** Gives one command after the other. @throws Error what QEMU answered instead of what it should. */
export async function askQemu(path: string, commands: readonly QemuCommand[]): Promise<void> {
  const socket = createConnection(path);
  await once(socket, "connect");
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    for (const [execute, args, answer] of [["qmp_capabilities", {}, {}] as const, ...commands]) {
      socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
      const reply = await nextReply(lines);
      if (isDeepStrictEqual(reply.return, answer)) continue;
      throw new Error(`QEMU on ${execute} ${JSON.stringify(args)}: ${JSON.stringify(reply)}`);
    }
  } finally {
    socket.destroy();
  }
}

async function nextReply(lines: AsyncIterator<string>): Promise<Reply> {
  for (;;) {
    const { done, value } = await lines.next();
    if (done) throw new Error("QEMU closed its monitor");
    const reply = JSON.parse(value) as Reply;
    if ("return" in reply || "error" in reply) return reply;
  }
}
