// READ BUFFER and WRITE BUFFER (SPC-4 6.18, 6.49): the echo buffer, by which tools test the way to a
// unit. Each nexus has its own, so nobody reads what another host wrote. No microcode is taken.
import { scatterJoin } from "@ashlar/core";
import { unitCommand } from "../command.ts";
import { allocated, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE } from "../sense.ts";

/** Bytes of an echo buffer: the size that SPC-4 names as the least useful one is 252. */
const ECHO_CAPACITY = 4096;
const MODE_MASK = 0x1f;
const MODE = { descriptor: 0x03, echo: 0x0a, echoDescriptor: 0x0b } as const;
/** Alignment 2^0 cannot be told: FFh means that only offset 0 is supported. */
const OFFSET_ZERO_ONLY = 0xff;

interface BufferCommand {
  readonly mode: number;
  readonly length: number;
}

const refusedAt = (cdbByte: number): Refusal =>
  new Refusal({ ...SENSE.invalidFieldInCdb, cdbByte });

function parse(cdb: Buffer, modes: readonly number[]): BufferCommand | Refusal {
  // Mode-specific bits are zero in all modes here.
  const mode = cdb.readUInt8(1);
  if (mode > MODE_MASK || !modes.includes(mode)) return refusedAt(1);
  if (mode === MODE.echo && cdb.readUIntBE(3, 3) !== 0) return refusedAt(3);
  return { mode, length: cdb.readUIntBE(6, 3) };
}

export const WRITE_BUFFER = unitCommand<BufferCommand>({
  name: "WRITE BUFFER",
  opcode: 0x3b,
  usage: "3b1f00000000ffffff00",
  reservation: "write",
  parse: (cdb) => {
    const command = parse(cdb, [MODE.echo]);
    if (command instanceof Refusal) return command;
    return command.length > ECHO_CAPACITY ? refusedAt(6) : command;
  },
  dataOutLength: ({ length }) => length,
  execute: (_command, { unit, nexus }, { data }) => {
    // A copy: the payload's memory belongs to the task.
    unit.echoes.set(nexus.name, Buffer.from(scatterJoin(data)));
    return GOOD;
  },
});

/** Nothing but the echo buffer exists, so a buffer's descriptor tells no capacity. */
const BUFFER_DESCRIPTOR = Buffer.from([OFFSET_ZERO_ONLY, 0, 0, 0]);

function echoDescriptor(): Buffer {
  const descriptor = Buffer.alloc(4);
  descriptor.writeUInt16BE(ECHO_CAPACITY, 2);
  return descriptor;
}

export const READ_BUFFER = unitCommand<BufferCommand>({
  name: "READ BUFFER",
  opcode: 0x3c,
  usage: "3c1fffffffffffffff00",
  reservation: "read",
  parse: (cdb) => parse(cdb, [MODE.descriptor, MODE.echo, MODE.echoDescriptor]),
  execute: ({ mode, length }, { unit, nexus }) => {
    if (mode === MODE.descriptor) return allocated(BUFFER_DESCRIPTOR, length);
    if (mode === MODE.echoDescriptor) return allocated(echoDescriptor(), length);
    const echo = unit.echoes.get(nexus.name);
    return echo ? allocated(echo, length) : checkCondition(SENSE.commandSequenceError);
  },
});
