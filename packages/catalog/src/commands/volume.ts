// Volumes. All chunks of a volume are placed when it is created, in commands of bounded size: begin
// checks and reserves the name, extend places, finish shows the volume. The creator chooses the uuid, so
// a creation that is sent again, perhaps to another leader, goes on where it was; one that does not come
// to its end is aborted.
import {
  chunkId,
  FAMILY_ID_MAX,
  type FamilyId,
  familyId,
  MIB,
  present,
  VOLUME_SIZE_MAX,
  VOLUME_SIZE_STEP,
} from "@ashlar/core";
import {
  CHUNKS_PER_COMMAND_MAX,
  type CommandOf,
  done,
  type Refusal,
  type Result,
  refused,
} from "../command.ts";
import { Placement, zonesForCopies } from "../placement.ts";
import { UNUSED_STATE, type VolumeRecord } from "../records.ts";
import type { Step, VolumeDraft } from "../state.ts";

/** Three-way is the most that placement, tests and drills cover. */
export const REPLICAS_MAX = 3;
const REPLICAS_DEFAULT = 2;
const BLOCK_SIZES: readonly number[] = [512, 4096];
/** Deletions within the time in which a creation may be sent again. */
export const DELETED_KEPT_MAX = 1024;
/** Registered date and domain of the product's target names (RFC 7143, 4.2.7). */
const IQN_PREFIX = "iqn.2026-11.io.ashlar";
const CLUSTER_PART_LENGTH = 8;
const IN_CREATION_HINT = "wait until it is there or given up, or choose another name";

export function beginVolume(step: Step, command: CommandOf<"beginVolume">): Result<"beginVolume"> {
  const { state } = step;
  const begun = volumeOf(step, ({ volume }) => volume === command.volume);
  if (begun) return begunBefore(step, begun, command);
  if (state.deleted.includes(command.volume)) {
    return refused("volume/not-found", `volume "${command.name}" was made and deleted since`);
  }
  const up = zonesForCopies(state).size;
  const replicas = command.replicas || Math.max(1, Math.min(REPLICAS_DEFAULT, up));
  const refusal = shapeRefusal(command) ?? nameRefusal(step, command) ?? nodesRefusal(replicas, up);
  if (refusal) return refusal;
  if (state.lastFamily >= FAMILY_ID_MAX) return refused("catalog/refused", "no family is left");
  state.lastFamily += 1;
  const family = familyId(state.lastFamily);
  const { clusterId = "" } = state.view.cluster ?? {};
  const { volume, name, sizeBytes, blockSize, createdAt } = command;
  const chunks = chunkCount(step, sizeBytes);
  const iqn = `${IQN_PREFIX}:${clusterId.slice(0, CLUSTER_PART_LENGTH)}:${name}`;
  const shape = { volume, name, family, sizeBytes, blockSize, replicas, iqn, lun: 0, createdAt };
  const record = { ...shape, ...UNUSED_STATE, access: command.access, mappings: [] };
  state.drafts.set(family, { record, chunks, placed: 0 });
  return done({ family, chunks });
}

export function extendVolume(
  step: Step,
  { family, chunks }: CommandOf<"extendVolume">,
): Result<"extendVolume"> {
  const { state } = step;
  const draft = state.drafts.get(family);
  if (!draft) {
    const finished = volumeOf(step, (record) => record.family === family);
    return finished ? done({ placed: chunkCount(step, finished.sizeBytes) }) : noDraft(family);
  }
  const { replicas } = draft.record;
  const count = Math.min(chunks, CHUNKS_PER_COMMAND_MAX, draft.chunks - draft.placed);
  const placement = new Placement(state);
  for (let index = draft.placed; index < draft.placed + count; index += 1) {
    const record = placement.place(chunkId(family, index), replicas);
    if (!record) return tooFewNodes(replicas, zonesForCopies(state).size);
    step.put({ kind: "chunk", record });
  }
  const placed = draft.placed + count;
  state.drafts.set(family, { ...draft, placed });
  return done({ placed });
}

export function finishVolume(
  step: Step,
  { family }: CommandOf<"finishVolume">,
): Result<"finishVolume"> {
  const draft = step.state.drafts.get(family);
  if (!draft) {
    const finished = volumeOf(step, (record) => record.family === family);
    return finished ? done({ volume: finished.volume }) : noDraft(family);
  }
  if (draft.placed < draft.chunks) {
    return refused("catalog/refused", `${draft.placed} of ${draft.chunks} chunks are placed`);
  }
  step.state.drafts.delete(family);
  const cluster = present(step.state.view.cluster, "no volume is begun before the cluster is made");
  const familiesGiven = Math.max(cluster.familiesGiven, family);
  step.put({ kind: "cluster", record: { ...cluster, familiesGiven } });
  step.put({ kind: "volume", record: draft.record });
  return done({ volume: draft.record.volume });
}

export function abortVolume(
  step: Step,
  { family }: CommandOf<"abortVolume">,
): Result<"abortVolume"> {
  const draft: VolumeDraft | undefined = step.state.drafts.get(family);
  if (!draft) return noDraft(family);
  step.state.drafts.delete(family);
  step.put({ kind: "volumeDeleted", volume: draft.record.volume, family });
  return done(null);
}

export function deleteVolume(
  step: Step,
  { volume }: CommandOf<"deleteVolume">,
): Result<"deleteVolume"> {
  const record = step.state.view.volumes.get(volume);
  if (!record) return refused("volume/not-found", "the volume is deleted already");
  removeVolume(step, record);
  return done(null);
}

/** Copies are made, or go, as the plan of copies sees what is wanted. */
export function setReplicas(
  step: Step,
  { volume, replicas }: CommandOf<"setReplicas">,
): Result<"setReplicas"> {
  const record = step.state.view.volumes.get(volume);
  if (!record) return refused("volume/not-found", "no such volume");
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > REPLICAS_MAX) {
    return refused("argument/invalid", `replicas must be 1 to ${REPLICAS_MAX}, not ${replicas}`);
  }
  if (record.replicas === replicas) return done(null);
  const up = zonesForCopies(step.state).size;
  if (replicas > record.replicas && up < replicas) return tooFewNodes(replicas, up);
  step.put({ kind: "volume", record: { ...record, replicas } });
  return done(null);
}

/** Takes a volume out of what is shown. */
export function removeVolume(step: Step, { volume, family }: VolumeRecord): void {
  const { deleted } = step.state;
  deleted.push(volume);
  if (deleted.length > DELETED_KEPT_MAX) deleted.shift();
  step.put({ kind: "volumeDeleted", volume, family });
}

/** The volume or draft that fits. */
function volumeOf(
  { state }: Step,
  fits: (record: VolumeRecord) => boolean,
): VolumeRecord | undefined {
  const drafts = [...state.drafts.values()].map(({ record }) => record);
  return [...drafts, ...state.view.volumes.values()].find(fits);
}

const chunkCount = ({ state: { view } }: Step, sizeBytes: number): number =>
  Math.ceil(sizeBytes / (view.cluster?.chunkSize ?? MIB));

/** Who sends a request again may have another clock, and names no replicas if it named none before. */
function begunBefore(
  step: Step,
  record: VolumeRecord,
  { name, sizeBytes, blockSize, replicas, access }: CommandOf<"beginVolume">,
): Result<"beginVolume"> {
  const same =
    record.name === name &&
    record.sizeBytes === sizeBytes &&
    record.blockSize === blockSize &&
    (record.access === access || !step.state.drafts.has(record.family)) &&
    (replicas === 0 || record.replicas === replicas);
  return same
    ? done({ family: record.family, chunks: chunkCount(step, sizeBytes) })
    : refused("volume/exists", `volume ${record.volume} exists and is another one`);
}

function shapeRefusal(command: CommandOf<"beginVolume">): Refusal | undefined {
  const { sizeBytes, blockSize, replicas } = command;
  if (
    !Number.isSafeInteger(sizeBytes) ||
    sizeBytes < VOLUME_SIZE_STEP ||
    sizeBytes > VOLUME_SIZE_MAX ||
    sizeBytes % VOLUME_SIZE_STEP !== 0
  ) {
    return refused(
      "volume/bad-size",
      `a volume cannot have ${sizeBytes} bytes`,
      "give a whole number of MiB from 1 MiB to 64 TiB, for example 100GiB",
    );
  }
  if (!BLOCK_SIZES.includes(blockSize)) {
    return refused("argument/invalid", `block size must be 512 or 4096, not ${blockSize}`);
  }
  if (replicas > REPLICAS_MAX) {
    return refused("argument/invalid", `replicas must be 1 to ${REPLICAS_MAX}, not ${replicas}`);
  }
  return undefined;
}

function nameRefusal(step: Step, { name }: CommandOf<"beginVolume">): Refusal | undefined {
  const { view, drafts } = step.state;
  const taken = [...view.volumes.values()].some((volume) => volume.name === name);
  if (taken) {
    return refused("volume/exists", `volume "${name}" exists`, "choose another name");
  }
  const inCreation = [...drafts.values()].some(({ record }) => record.name === name);
  return inCreation
    ? refused("volume/in-creation", `volume "${name}" is being created`, IN_CREATION_HINT)
    : undefined;
}

const nodesRefusal = (replicas: number, up: number): Refusal | undefined =>
  up < replicas ? tooFewNodes(replicas, up) : undefined;

function tooFewNodes(replicas: number, up: number): Refusal {
  const copies =
    replicas === 1 ? "1 replica needs 1 node" : `${replicas} replicas need ${replicas} nodes`;
  return refused(
    "volume/too-few-nodes",
    `${copies}, ${up} ${up === 1 ? "is" : "are"} up`,
    up === 0 ? "start a storage node" : "start more storage nodes or ask for fewer replicas",
  );
}

const noDraft = (family: FamilyId): Refusal =>
  refused("catalog/refused", `no volume in creation has family ${family}`);
