// Copies come and go beside those that stay: a copy that moves is first made elsewhere, and goes only when as many
// others as the volume wants are in sync. So a chunk never has fewer copies than before, and a plan that is
// out of date, or whose maker is lost, leaves nothing behind: each chunk says itself who is leaving.
import type { ChunkId, FamilyId } from "@ashlar/core";
import { familyOf } from "@ashlar/core";
import { isHeldWithout, withAddedMember, withDroppedMember } from "../chunk-config.ts";
import {
  type Addition,
  CHUNKS_PER_COMMAND_MAX,
  type CommandOf,
  done,
  type Refusal,
  type Result,
  refused,
  type Surplus,
} from "../command.ts";
import { MEMBERS_MAX } from "../family-table.ts";
import { disksForCopies, evenPrimaries, zoneOf } from "../placement.ts";
import type { ChunkMember } from "../records.ts";
import { livingNodes } from "../silence.ts";
import type { Step } from "../state.ts";

/** Copies that each volume wants, by its family; volumes in creation are not among them. */
type Wanted = ReadonlyMap<FamilyId, number>;

const wantedOf = ({ state }: Step): Wanted =>
  new Map([...state.view.volumes.values()].map(({ family, replicas }) => [family, replicas]));

/** Each item stands alone: one that is out of date does not keep the others back. */
export function addMembers(step: Step, { items }: CommandOf<"addMembers">): Result<"addMembers"> {
  if (items.length > CHUNKS_PER_COMMAND_MAX) return tooMany();
  const wanted = wantedOf(step);
  return done({ skipped: chunksOf(items.filter((item) => !add(step, item, wanted))) });
}

function add(step: Step, item: Addition, wanted: Wanted): boolean {
  const { chunk, version, instead } = item;
  const config = step.state.view.chunk(chunk);
  const replicas = wanted.get(familyOf(chunk));
  if (config?.version !== version || replicas === undefined) return false;
  const { members, isr, learners, leaving = [] } = config;
  if (learners.length > 0 || members.length >= MEMBERS_MAX) return false;
  const moves = instead !== undefined;
  if (moves && (!isr.includes(instead) || leaving.length > 0)) return false;
  if (moves ? members.length !== replicas : members.length >= replicas) return false;
  const staying = members.filter(({ storeUuid }) => storeUuid !== instead);
  const fresh = placeFor(step, item, { members, staying });
  if (!fresh) return false;
  step.put({ kind: "chunk", record: withAddedMember(config, fresh, instead) });
  return true;
}

/** A store for new copies, where no other copy is on the node, and none that stays in the zone. */
function placeFor(
  { state: { view } }: Step,
  { node, store }: Addition,
  {
    members,
    staying,
  }: { readonly members: readonly ChunkMember[]; readonly staying: readonly ChunkMember[] },
): ChunkMember | undefined {
  const record = view.nodes.get(node);
  const disk = record && disksForCopies(record).find(({ storeUuid }) => storeUuid === store);
  if (!disk || members.some((one) => one.node === node || one.storeUuid === store))
    return undefined;
  const zones = staying.map((one) => zoneOf(view.nodes.get(one.node) ?? { ...one, zone: "" }));
  return zones.includes(zoneOf(record)) ? undefined : { node, disk: disk.disk, storeUuid: store };
}

/** Each item stands alone, as of {@link addMembers}. */
export function dropMembers(
  step: Step,
  { items }: CommandOf<"dropMembers">,
): Result<"dropMembers"> {
  if (items.length > CHUNKS_PER_COMMAND_MAX) return tooMany();
  const wanted = wantedOf(step);
  const lives = livingNodes(step.state.view, []);
  const choose = evenPrimaries(step.state, lives);
  const drop = ({ chunk, version, store }: Surplus): boolean => {
    const config = step.state.view.chunk(chunk);
    const replicas = wanted.get(familyOf(chunk));
    if (config?.version !== version || replicas === undefined) return false;
    const { members, isr } = config;
    if (members.length <= replicas || !members.some((one) => one.storeUuid === store)) return false;
    const inSync = isr.filter((one) => one !== store).length;
    const isNeeded = isr.includes(store) && !isHeldWithout(config, store, lives);
    if (inSync < replicas || isNeeded) return false;
    const record = withDroppedMember(config, store, { replicas, choose });
    step.put({ kind: "chunk", record });
    return true;
  };
  return done({ skipped: chunksOf(items.filter((item) => !drop(item))) });
}

const chunksOf = (items: readonly { readonly chunk: ChunkId }[]): readonly ChunkId[] =>
  items.map(({ chunk }) => chunk);

const tooMany = (): Refusal =>
  refused("argument/invalid", `at most ${CHUNKS_PER_COMMAND_MAX} chunks in one command`);
