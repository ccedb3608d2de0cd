// The rules a catalog never breaks (ARCHITECTURE.md, Rules by number). Tests check them
// after each command; breaches are told as sentences that begin with the rule's number.
import type { ChunkId, NodeId, VolumeId } from "@ashlar/core";
import { chunkIndexOf, familyOf, formatChunkId, LUN_MAX } from "@ashlar/core";
import {
  initiatorNameOf,
  isHeldByAll,
  NO_KEY,
  NOTICES_KEPT_MAX,
  REGISTRANTS_MAX,
  type Reservations,
  registrationOf,
} from "@ashlar/reservations";
import { accessOf } from "./access.ts";
import type { Command } from "./command.ts";
import {
  type ChunkConfig,
  type ChunkMember,
  HOSTS_MAX,
  INITIATORS_MAX,
  MAPPINGS_MAX,
  type VolumeRecord,
} from "./records.ts";
import { RESULTS_KEPT_MAX, SESSIONS_MAX } from "./sessions.ts";
import type { CatalogState } from "./state.ts";

/** Breaches of what must hold of any state. */
export function check(state: CatalogState): string[] {
  const faults = [...checkGroup(state), ...checkHosts(state), ...checkSlow(state)];
  const { view, drafts } = state;
  const names = [...view.volumes.values(), ...[...drafts.values()].map(({ record }) => record)];
  if (new Set(names.map(({ name }) => name)).size < names.length)
    faults.push("two volumes, one name");
  if (new Set(names.map(({ volume }) => volume)).size < names.length)
    faults.push("two volumes, one uuid");
  const families = new Set(names.map(({ family }) => family));
  if (families.size < names.length) faults.push("two volumes, one family");
  for (const family of families) if (family > state.lastFamily) faults.push("family not given yet");
  for (const { family } of view.volumes.values()) {
    if (family > (view.cluster?.familiesGiven ?? 0)) faults.push("a volume's family is not given");
    if (view.cluster?.familiesSkipped.some(({ first, last }) => first <= family && family <= last))
      faults.push("a volume's family was skipped");
  }
  for (const record of view.volumes.values()) {
    const { name, reservations } = record;
    for (const fault of checkReservations(reservations)) faults.push(`${name}: ${fault}`);
    const { registrants, reserved } = reservations;
    for (const one of [...registrants, ...(reserved ? [reserved] : [])]) {
      if (accessOf(view, record, initiatorNameOf(one)).kind !== "none") continue;
      faults.push(`${name}: P11: ${one.initiatorPort} has reserved what it may not use`);
    }
  }
  const loads = new Map<string, { replicas: number; primaries: number }>();
  for (const family of view.chunks.families()) {
    if (!families.has(family)) faults.push(`chunks of family ${family}, which has no volume`);
    for (const config of view.chunks.recordsOf(family)) {
      for (const fault of checkChunk(state, config)) {
        faults.push(`${formatChunkId(config.chunk)}: ${fault}`);
      }
      countLoad(loads, config);
    }
  }
  for (const { member, load } of view.chunks.loads()) {
    const counted = loads.get(placeOf(member)) ?? { replicas: 0, primaries: 0 };
    if (counted.replicas !== load.replicas || counted.primaries !== load.primaries) {
      faults.push(`counts of store ${member.storeUuid} on ${member.node} are off`);
    }
  }
  for (const volume of view.volumes.values()) {
    const chunks = view.chunksOf(volume.family);
    const wanted = Math.ceil(volume.sizeBytes / (view.cluster?.chunkSize ?? 1));
    if (chunks.length !== wanted || chunks.some(({ chunk }, at) => chunkIndexOf(chunk) !== at)) {
      faults.push(`volume ${volume.name} has ${chunks.length} of ${wanted} chunks`);
    }
  }
  return faults;
}

function checkReservations(state: Reservations): string[] {
  const { registrants, held, reserved, aborts, changes, notices } = state;
  const { holder } = held ?? {};
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [
      registrants.every((one) => registrationOf(state, one) === one),
      "one nexus is registered twice",
    ],
    [registrants.every(({ key }) => key !== NO_KEY), "a registration without a key"],
    [registrants.length <= REGISTRANTS_MAX, "more registrants than REGISTRANTS_MAX"],
    [!holder || registrationOf(state, holder) !== undefined, "the holder is not registered"],
    [!held || (holder === undefined) === isHeldByAll(held.type), "a type and its holder differ"],
    [!held || registrants.length > 0, "a reservation without registrants"],
    [!reserved || registrants.length === 0, "reserved in both ways"],
    [aborts.every(({ change }) => change <= changes), "an abort of no change"],
    [notices.every(({ change }) => change <= changes), "a notice of no change"],
    [notices.length <= NOTICES_KEPT_MAX, "more notices than NOTICES_KEPT_MAX"],
  ];
  return rules.filter(([isKept]) => !isKept).map(([, rule]) => rule);
}

/** What the group of metadata members needs: sessions and members. */
function checkGroup({ view, sessions }: CatalogState): string[] {
  const faults: string[] = [];
  const joined = [...view.members.values()].map(({ member }) => member).filter((one) => one > 0);
  if (new Set(joined).size < joined.length) faults.push("two members, one number");
  if (sessions.size > SESSIONS_MAX) faults.push("more than SESSIONS_MAX sessions");
  for (const [session, { usedAt, answeredBelow, results }] of sessions) {
    const sequences = [...results.keys()];
    const rules: readonly (readonly [holds: boolean, rule: string])[] = [
      [usedAt >= session && usedAt <= view.appliedIndex, "R10: used by no entry"],
      [sequences.every((one) => one >= answeredBelow), "R10: a result that was let go is kept"],
      [
        sequences.every((one) => one < answeredBelow + RESULTS_KEPT_MAX),
        "R10: more results than RESULTS_KEPT_MAX",
      ],
    ];
    for (const [holds, rule] of rules) if (!holds) faults.push(`session ${session}: ${rule}`);
  }
  return faults;
}

/** What is known of stores stands in the records of all their disks, and only so many nodes are slow. */
function checkSlow({ view, retired, slow }: CatalogState): string[] {
  const faults: string[] = [];
  for (const { node, disks } of view.nodes.values()) {
    for (const { storeUuid, slow: told } of disks) {
      if (told !== slow.get(storeUuid)) faults.push(`${node}: a slow disk is told wrongly`);
    }
  }
  for (const store of slow.keys()) if (retired.has(store)) faults.push("a failed store is slow");
  if (view.cluster?.keepsSlowDisks && slow.size > 0) faults.push("a slow disk that is to be kept");
  return faults;
}

/** Hosts, and the mappings that name them. */
function checkHosts({ view, drafts }: CatalogState): string[] {
  const faults: string[] = [];
  const hosts = [...view.hosts.values()];
  const initiators = hosts.flatMap((host) => host.initiators);
  if (hosts.length > HOSTS_MAX) faults.push("more than HOSTS_MAX hosts");
  if (new Set(initiators).size < initiators.length) faults.push("an initiator of two hosts");
  for (const { host, initiators: own } of hosts) {
    if (own.length < 1 || own.length > INITIATORS_MAX) faults.push(`${host}: initiators`);
    if (own.some((name) => view.hostOf(name)?.host !== host)) faults.push(`${host}: is not found`);
  }
  for (const { record } of drafts.values()) {
    if (record.mappings.length > 0) faults.push(`${record.name} is mapped before it is shown`);
  }
  for (const { name, access, mappings, change } of view.volumes.values()) {
    const named = mappings.map(({ host }) => host);
    const { edit } = change?.kind === "access" ? change : { edit: undefined };
    const about = edit?.kind === "map" ? [edit.mapping.host] : [];
    const rules: readonly (readonly [holds: boolean, rule: string])[] = [
      [access === "mapped" || named.length === 0, "is open, and mapped"],
      [named.length <= MAPPINGS_MAX, "more than MAPPINGS_MAX mappings"],
      [[...named, ...about].every((host) => view.hosts.has(host)), "names no host"],
      [named.every((host, at) => at === 0 || (named[at - 1] ?? "") < host), "two LUNs of a host"],
      [mappings.every(({ lun }) => lun <= LUN_MAX), "a LUN beyond LUN_MAX"],
    ];
    for (const [holds, rule] of rules) if (!holds) faults.push(`${name}: ${rule}`);
  }
  return faults;
}

function checkChunk(state: CatalogState, config: ChunkConfig): string[] {
  const { members, isr, learners, leaving = [], primary } = config;
  const uuids = new Set<string>(members.map(({ storeUuid }) => storeUuid));
  const leads = members.find(({ node }) => node === primary.node);
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [isr.length > 0, "K4: the ISR is empty"],
    [isr.every((one) => uuids.has(one)), "K3: the ISR names a store that is no member"],
    [learners.every((one) => uuids.has(one)), "a learner is no member"],
    [!learners.some((one) => isr.includes(one)), "a store learns and is in sync"],
    [leaving.every((one) => uuids.has(one)), "who is leaving is no member"],
    [new Set(members.map(({ node }) => node)).size === members.length, "two replicas on one node"],
    [uuids.size === members.length, "one store twice"],
    [leads !== undefined && isr.includes(leads.storeUuid), "K2: the primary is not in the ISR"],
    [config.epoch >= 1 && config.version >= config.epoch, "K1: a version for each epoch"],
    [primary.incarnation <= state.lastIncarnation, "K1: the incarnation was never given"],
    [!learners.some((one) => state.retired.has(one as never)), "a failed store learns"],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

const placeOf = ({ storeUuid, node, disk }: ChunkMember): string => `${storeUuid} ${node} ${disk}`;

function countLoad(
  loads: Map<string, { replicas: number; primaries: number }>,
  config: ChunkConfig,
): void {
  for (const member of config.members) {
    const key = placeOf(member);
    const load = loads.get(key) ?? { replicas: 0, primaries: 0 };
    load.replicas += 1;
    if (member.node === config.primary.node) load.primaries += 1;
    loads.set(key, load);
  }
}

/** Commands that may take chunks away, and with them a volume. */
const REMOVING: ReadonlySet<string> = new Set(["deleteVolume", "abortVolume", "commitChange"]);

/** Breaches of what must hold between the volumes before a command and after it. */
export function checkVolumes(
  before: ReadonlyMap<VolumeId, VolumeRecord>,
  command: Command,
  after: ReadonlyMap<VolumeId, VolumeRecord>,
): string[] {
  return [...before.values()].flatMap((was) => {
    const is = after.get(was.volume);
    if (!is) return REMOVING.has(command.kind) ? [] : [`${was.name} is gone by ${command.kind}`];
    return checkGeneration(was, is, command).map((fault) => `${was.name}: ${fault}`);
  });
}

/** By how much each command moves a generation on. */
const STEPS: Readonly<Partial<Record<Command["kind"], number>>> = {
  advanceGeneration: 1,
  commitChange: 1,
  abortChange: 2,
  prepareReservation: 1,
};
/** What begins a generation without a change that was prepared. */
const AT_ONCE: ReadonlySet<string> = new Set(["advanceGeneration", "prepareReservation"]);

const PREPARING: ReadonlySet<string> = new Set(["prepareChange", "prepareReservation"]);
/** By what reservations become others: under a new generation, or because a nexus was lost. */
const RESERVING: ReadonlySet<string> = new Set([
  "prepareReservation",
  "commitChange",
  "advanceGeneration",
  "gatewayUp",
  "gatewayDown",
]);

function checkGeneration(was: VolumeRecord, is: VolumeRecord, { kind }: Command): string[] {
  const moved = is.generation - was.generation;
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [moved === 0 || moved === STEPS[kind], `P11: ${kind} moved the generation by ${moved}`],
    [moved === 0 || is.change === undefined, "P11: a generation begins closed"],
    [
      moved === 0 || (was.change === undefined) === AT_ONCE.has(kind),
      "P11: a generation passed over a prepared change",
    ],
    [
      moved > 0 || was.change === is.change || (PREPARING.has(kind) && !was.change),
      "P11: a change came or went under one generation",
    ],
    [
      (is.access === was.access && is.mappings === was.mappings) ||
        (kind === "commitChange" && was.change?.kind === "access"),
      `P11: who may use it was changed by ${kind}`,
    ],
    [is.resets === was.resets || kind === "advanceGeneration", "a reset without a generation"],
    [is.resets === was.resets || is.resets === was.resets + 1, "resets do not count up"],
    [
      is.reservations === was.reservations || RESERVING.has(kind),
      `P11: reservations changed by ${kind}`,
    ],
    [
      is.reservations === was.reservations ||
        is.reservations.changes === was.reservations.changes + 1,
      "reservations do not count their changes",
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

/** Every chunk's configuration, to compare with what a command leaves. */
export function chunksOfState({ view }: CatalogState): Map<ChunkId, ChunkConfig> {
  const all = view.chunks.families().flatMap((family) => [...view.chunks.recordsOf(family)]);
  return new Map(all.map((config) => [config.chunk, config]));
}

/** By how many each command changes the members of a chunk that it changes. */
const MEMBER_STEPS: Readonly<Partial<Record<Command["kind"], number>>> = {
  addMembers: 1,
  dropMembers: -1,
};

/** Breaches of what must hold between the chunks before a command and after it. */
export function checkStep(
  before: ReadonlyMap<ChunkId, ChunkConfig>,
  command: Command,
  after: ReadonlyMap<ChunkId, ChunkConfig>,
): string[] {
  const faults: string[] = [];
  for (const [chunk, was] of before) {
    const is = after.get(chunk);
    if (!is) {
      if (!REMOVING.has(command.kind)) {
        faults.push(`${formatChunkId(chunk)} is gone after ${command.kind}`);
      }
      continue;
    }
    for (const fault of checkTransition(was, is, command)) {
      faults.push(`${formatChunkId(chunk)}: ${fault}`);
    }
  }
  for (const chunk of after.keys()) {
    const grew = before.has(chunk) || command.kind === "extendVolume";
    if (!grew) faults.push(`family ${familyOf(chunk)} grew by ${command.kind}`);
  }
  return faults;
}

const holdersOf = ({ members, isr }: ChunkConfig): readonly NodeId[] =>
  members.filter(({ storeUuid }) => isr.includes(storeUuid)).map(({ node }) => node);

function checkTransition(was: ChunkConfig, is: ChunkConfig, command: Command): string[] {
  const changed = JSON.stringify(was) !== JSON.stringify(is);
  const samePrimary =
    was.primary.node === is.primary.node && was.primary.incarnation === is.primary.incarnation;
  const leader = is.members.find(({ node }) => node === is.primary.node);
  const joined = is.isr.filter((store) => !was.isr.includes(store));
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [changed ? is.version > was.version : true, "K1: changed without a new version"],
    [samePrimary === (is.epoch === was.epoch), "K1: an epoch names one incarnation"],
    [is.epoch >= was.epoch, "K1: the epoch fell"],
    [leader !== undefined && was.isr.includes(leader.storeUuid), "K2: primary not of the old ISR"],
    [joined.every((store) => was.learners.includes(store)), "K3: joined without learning"],
    [joined.length === 0 || command.kind === "addToIsr", `K3: joined by ${command.kind}`],
    [
      command.kind !== "nodeDown" ||
        is.isr.length === was.isr.length ||
        holdersOf(is).some((node) => node !== command.node && !command.unheard.includes(node)),
      "P16: a silent node left the ISR to others that are silent",
    ],
    [
      !changed || is.members.length - was.members.length === (MEMBER_STEPS[command.kind] ?? 0),
      `the number of copies changed by ${command.kind}`,
    ],
    [
      is.members.every(
        ({ storeUuid }) =>
          was.members.some((one) => one.storeUuid === storeUuid) || is.learners.includes(storeUuid),
      ),
      "a new member does not learn",
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}
