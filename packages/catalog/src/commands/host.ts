// Hosts: initiators under one name, and what they must prove. A host that is mapped keeps its initiators,
// since whoever loses access has to be fenced, and only changes of volumes are.
import { CHAP_SECRET_MIN, CHAP_TEXT_MAX, type HostName, type InitiatorName } from "@ashlar/core";
import { isMapped } from "../access.ts";
import { type CommandOf, done, type Refusal, type Result, refused } from "../command.ts";
import { HOSTS_MAX, type HostChap, type HostRecord, INITIATORS_MAX } from "../records.ts";
import type { Step } from "../state.ts";

const PRINTABLE = /^[\x20-\x7e]+$/;

export function createHost(step: Step, command: CommandOf<"createHost">): Result<"createHost"> {
  const { host, chap, createdAt } = command;
  const { hosts } = step.state.view;
  if (hosts.has(host)) {
    return refused("host/exists", `host "${host}" exists`, "choose another name");
  }
  if (hosts.size >= HOSTS_MAX) {
    return refused("host/too-many", `there are ${HOSTS_MAX} hosts, more are not possible`);
  }
  const initiators = inOrder(command.initiators);
  const refusal = initiatorRefusal(step, host, initiators) ?? chapRefusal(chap);
  if (refusal) return refusal;
  step.put({ kind: "host", record: { host, initiators, chap, createdAt } });
  return done(null);
}

export function setHost(step: Step, command: CommandOf<"setHost">): Result<"setHost"> {
  const record = step.state.view.hosts.get(command.host);
  if (!record) return notFound(command.host);
  const { host, added, removed } = command;
  const initiators = inOrder([
    ...record.initiators.filter((name) => !removed.includes(name)),
    ...added,
  ]);
  const chap = command.chap ? command.chap.now : record.chap;
  const refusal =
    removalRefusal(step, record, initiators) ??
    initiatorRefusal(step, host, initiators) ??
    chapRefusal(chap);
  if (refusal) return refusal;
  step.put({ kind: "host", record: { ...record, initiators, chap } });
  return done(null);
}

export function deleteHost(step: Step, { host }: CommandOf<"deleteHost">): Result<"deleteHost"> {
  if (!step.state.view.hosts.has(host)) return notFound(host);
  const volume = volumeOf(step, host);
  if (volume !== undefined) return inUse(host, volume);
  step.put({ kind: "hostDeleted", host });
  return done(null);
}

const inOrder = (names: readonly InitiatorName[]): InitiatorName[] => [...new Set(names)].sort();

/** A volume that the host is mapped to. */
const volumeOf = ({ state: { view } }: Step, host: HostName): string | undefined =>
  [...view.volumes.values()].find((record) => isMapped(record, host))?.name;

export const notFound = (host: HostName): Refusal =>
  refused("host/not-found", `there is no host "${host}"`, "see `ashlar host list`");

const inUse = (host: HostName, volume: string): Refusal =>
  refused(
    "host/in-use",
    `host "${host}" is mapped to volume "${volume}"`,
    `\`ashlar volume unmap ${volume} ${host}\` comes first`,
  );

function removalRefusal(
  step: Step,
  { host, initiators: before }: HostRecord,
  initiators: readonly InitiatorName[],
): Refusal | undefined {
  if (before.every((name) => initiators.includes(name))) return undefined;
  const volume = volumeOf(step, host);
  return volume === undefined ? undefined : inUse(host, volume);
}

function initiatorRefusal(
  { state: { view } }: Step,
  host: HostName,
  initiators: readonly InitiatorName[],
): Refusal | undefined {
  if (initiators.length === 0 || initiators.length > INITIATORS_MAX) {
    return refused(
      "argument/invalid",
      `a host has 1 to ${INITIATORS_MAX} initiators, not ${initiators.length}`,
    );
  }
  for (const name of initiators) {
    const owner = view.hostOf(name);
    if (!owner || owner.host === host) continue;
    return refused(
      "host/initiator-taken",
      `${name} is an initiator of host "${owner.host}"`,
      "an initiator belongs to one host",
    );
  }
  return undefined;
}

const SECRET_HINT = `a secret has ${CHAP_SECRET_MIN} to ${CHAP_TEXT_MAX} printable ASCII characters`;

function chapRefusal(chap: HostChap | undefined): Refusal | undefined {
  if (!chap) return undefined;
  const { user, secret, mutual } = chap;
  if (!isSecret(secret) || (mutual && !isSecret(mutual.secret))) {
    // The secret itself is in no message.
    return refused("argument/invalid", "the CHAP secret is not possible", SECRET_HINT);
  }
  if ((user !== "" && !isUser(user)) || (mutual && !isUser(mutual.user))) {
    const hint = `a user has 1 to ${CHAP_TEXT_MAX} printable ASCII characters`;
    return refused("argument/invalid", "the CHAP user is not possible", hint);
  }
  if (mutual?.secret === secret) {
    return refused(
      "argument/invalid",
      "both directions of CHAP have the same secret",
      "give the target a secret of its own: with one, a stranger answers with what he was asked",
    );
  }
  return undefined;
}

const isUser = (text: string): boolean => text.length <= CHAP_TEXT_MAX && PRINTABLE.test(text);
const isSecret = (text: string): boolean => isUser(text) && text.length >= CHAP_SECRET_MIN;
