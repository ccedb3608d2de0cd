// A connection whose initiator does not read: the gateway must stop listening to it and hold no more
// than its limits, then go on where it stood. The socket is a stream, so that "does not read" is exact.

import { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { MIB } from "@ashlar/core";
import { encodeInitiatorPdu, type InitiatorPdu, NO_DIGESTS } from "@ashlar/iscsi";
import { commandPdu, loginTo } from "@ashlar/iscsi/testing";
import { nodeClock, nodeRandom, Registry, silentLog } from "@ashlar/runtime";
import { openTarget } from "@ashlar/scsi/testing";
import { expect, test } from "vitest";
import { ConnectionDriver } from "./connection-driver.ts";
import { GatewayMetrics } from "./gateway-metrics.ts";
import { SessionRegistry } from "./session-registry.ts";
import type { TargetFinder } from "./target-watcher.ts";

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";
const READ_8_MIB = "88 00 00 00 00 00 00 00 00 00 00 00 40 00";
const COMMANDS = 32;
/** What may wait before nothing new begins, and the tasks of a session that may run by then. */
const HELD_BYTES_MAX = (4 + 32 + 8) * MIB;

/** The driver's end of a connection whose peer reads only when `reading`. */
class SlowSocket extends Duplex {
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 1;
  reading = true;
  taken = 0;
  private resumeWriting: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.taken += chunk.length;
      done();
    };
    if (this.reading) take();
    else this.resumeWriting = take;
  }

  takeAll(): void {
    this.reading = true;
    this.resumeWriting?.();
  }

  receive(...pdus: readonly InitiatorPdu[]): void {
    const out: Buffer[] = [];
    for (const pdu of pdus) encodeInitiatorPdu(pdu, NO_DIGESTS, out);
    this.push(Buffer.concat(out));
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

test("an initiator that does not read is not listened to, costs bounded memory, and goes on", async () => {
  const { target, device } = openTarget({ sizeBytes: 16 * MIB });
  let bytesRead = 0;
  const read = device.read.bind(device);
  device.read = (offset, length, options) => {
    bytesRead += length;
    return read(offset, length, options);
  };
  const targets: TargetFinder = {
    find: async () => ({ kind: "found", scsi: target, authentication: undefined }),
    list: () => [],
    reset: async () => {},
  };
  const socket = new SlowSocket();
  const gauges = { connections: () => 1, sessions: () => 1, tasks: () => 0 };
  const metrics = new GatewayMetrics(new Registry(), gauges);
  const registry = new SessionRegistry();
  const dependencies = {
    targets,
    registry,
    metrics,
    clock: nodeClock,
    random: nodeRandom,
    log: silentLog,
  };
  const driver = new ConnectionDriver(socket, dependencies, { tpgt: 1 });
  socket.receive(loginTo(TARGET));
  await turns(5);
  socket.receive(commandPdu("00", { itt: 0 }));
  await turns(5);
  socket.reading = false;
  for (let index = 1; index <= COMMANDS; index += 1) {
    const fields = { read: true, expectedLength: 8 * MIB, itt: index, cmdSn: index + 1 };
    socket.receive(commandPdu(READ_8_MIB, fields));
  }
  await turns(50);
  expect(socket.isPaused()).toBe(true);
  expect(bytesRead).toBeLessThanOrEqual(HELD_BYTES_MAX);
  expect(socket.writableLength).toBeLessThanOrEqual(HELD_BYTES_MAX);
  socket.takeAll();
  const taken = expect.poll(() => socket.taken);
  await taken.toBeGreaterThan(COMMANDS * 8 * MIB);
  expect(socket.isPaused()).toBe(false);
  const ending = driver.end();
  socket.destroy();
  await ending;
});
