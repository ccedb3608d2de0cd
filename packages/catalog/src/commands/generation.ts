// Changes of a volume's shared state. An operation names the generation it was decided under; whoever
// leads chunks of the volume refuses those of any other, and all of them while a change is prepared. So
// once everybody has closed a generation, nothing admitted under it can take effect any more (P11).
import { LUN_MAX, type VolumeId } from "@ashlar/core";
import { afterReset } from "@ashlar/reservations";
import { edited, exceedsMappings } from "../access.ts";
import { type CommandOf, done, type Refusal, type Result, refused } from "../command.ts";
import { type AccessEdit, MAPPINGS_MAX, type VolumeChange, type VolumeRecord } from "../records.ts";
import type { Step } from "../state.ts";
import { notFound } from "./host.ts";
import { reservationsAfter } from "./reservation.ts";
import { removeVolume } from "./volume.ts";

export function advanceGeneration(
  step: Step,
  { volume, reset }: CommandOf<"advanceGeneration">,
): Result<"advanceGeneration"> {
  const record = settled(step, volume);
  if ("code" in record) return record;
  const generation = record.generation + 1;
  const after = reset
    ? { resets: record.resets + 1, reservations: afterReset(record.reservations) }
    : {};
  step.put({ kind: "volume", record: { ...record, generation, ...after } });
  return done({ generation });
}

export function prepareChange(
  step: Step,
  { volume, change }: CommandOf<"prepareChange">,
): Result<"prepareChange"> {
  const record = settled(step, volume);
  if ("code" in record) return record;
  const refusal = changeRefusal(step, record, change);
  if (refusal) return refusal;
  step.put({ kind: "volume", record: { ...record, change } });
  return done({ volume, generation: record.generation + 1 });
}

export function commitChange(
  step: Step,
  command: CommandOf<"commitChange">,
): Result<"commitChange"> {
  const record = prepared(step, command);
  if ("code" in record) return record;
  const { change } = record;
  if (change?.kind === "delete") {
    removeVolume(step, record);
    return done(null);
  }
  const { generation } = command;
  const then = change?.kind === "access" ? edited(record, change.edit) : {};
  const settledRecord = { ...record, generation, change: undefined, ...then };
  const reservations = reservationsAfter(step, settledRecord, change);
  step.put({ kind: "volume", record: { ...settledRecord, reservations } });
  return done(null);
}

/**
 * The prepared generation is skipped: who heard of it, from a leader that had given up already, cannot
 * take the old state for the new one.
 */
export function abortChange(step: Step, command: CommandOf<"abortChange">): Result<"abortChange"> {
  const record = prepared(step, command);
  if ("code" in record) return record;
  const generation = record.generation + 2;
  step.put({ kind: "volume", record: { ...record, generation, change: undefined } });
  return done({ generation });
}

/** Why a change cannot be made of this volume; nothing that could refuse it later may change meanwhile. */
const changeRefusal = (
  step: Step,
  record: VolumeRecord,
  change: VolumeChange,
): Refusal | undefined =>
  change.kind === "access" ? editRefusal(step, record, change.edit) : undefined;

function editRefusal(
  { state: { view } }: Step,
  record: VolumeRecord,
  edit: AccessEdit,
): Refusal | undefined {
  if (edit.kind === "open") return undefined;
  const host = edit.kind === "map" ? edit.mapping.host : edit.host;
  if (!view.hosts.has(host)) return notFound(host);
  if (edit.kind === "map") {
    if (edit.mapping.lun > LUN_MAX) {
      return refused("argument/invalid", `a LUN is 0 to ${LUN_MAX}, not ${edit.mapping.lun}`);
    }
    if (!exceedsMappings(record, edit)) return undefined;
    return refused(
      "volume/too-many-mappings",
      `volume "${record.name}" is mapped to ${MAPPINGS_MAX} hosts, more are not possible`,
      "put initiators that are one machine, or one cluster, into one host",
    );
  }
  if (record.mappings.some((one) => one.host === host)) return undefined;
  return refused(
    "host/not-mapped",
    `host "${host}" is not mapped to volume "${record.name}"`,
    record.access === "any"
      ? "the volume is open to any initiator; `ashlar volume map` ends that"
      : `see \`ashlar volume show ${record.name}\``,
  );
}

/** The volume, if no change is under way. */
export function settled({ state }: Step, volume: VolumeId): VolumeRecord | Refusal {
  const record = state.view.volumes.get(volume);
  if (!record) return refused("volume/not-found", "the volume is deleted");
  if (record.change === undefined) return record;
  return refused(
    "volume/changing",
    `a change of volume "${record.name}" is under way: ${record.change.kind}`,
    "try again in a few seconds",
  );
}

/** The volume, if the change that is under way is this one. */
function prepared(
  { state }: Step,
  { volume, generation }: { readonly volume: VolumeId; readonly generation: number },
): VolumeRecord | Refusal {
  const record = state.view.volumes.get(volume);
  if (record?.change && record.generation + 1 === generation) return record;
  return refused("catalog/conflict", `no change to generation ${generation} is prepared`);
}
