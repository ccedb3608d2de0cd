// The commands of the interaction scripts: a group of members on a network that delivers what the script
// says. Every command writes what it saw, in the words of transcript.ts.

import type { Transition } from "../member-change.ts";
import { voterIds } from "../membership.ts";
import { MESSAGE_VERSION, type Message } from "../messages.ts";
import { LOG_VERSION, type MemberId, type MembershipState } from "../types.ts";
import { type Command, flagOf, optionOf, type Stanza, wordsOf } from "./script.ts";
import { type HostStep, ScriptedMember } from "./scripted-member.ts";
import { formatEntry, formatMessage, formatProgress, parseChanges, ROLE } from "./transcript.ts";

const UNLIMITED = Number.MAX_SAFE_INTEGER;
const ELECTION_TICKS = 3;
const HEARTBEAT_TICKS = 1;
/** A script that does not come to rest in this many rounds never will. */
const ROUNDS_MAX = 1000;

type Run = (script: InteractionScript, command: Command) => void;

export class InteractionScript {
  readonly members: ScriptedMember[] = [];
  private network: Message[] = [];
  private output: string[] = [];
  private quiet = false;

  run({ commands, line }: Stanza): string[] {
    this.output = [];
    for (const command of commands) {
      const run = COMMANDS[command.name];
      if (run === undefined) throw new Error(`line ${line}: unknown command ${command.name}`);
      run(this, command);
    }
    return this.output;
  }

  print(...lines: readonly string[]): void {
    if (!this.quiet) this.output.push(...lines);
  }

  setQuiet(quiet: boolean): boolean {
    const before = this.quiet;
    this.quiet = quiet;
    return before;
  }

  member(word: string | undefined): ScriptedMember {
    const member = this.members[Number(word) - 1];
    if (member === undefined) throw new Error(`no member ${word}`);
    return member;
  }

  send(...messages: readonly Message[]): void {
    this.network.push(...messages);
  }

  /** One kind of work at the members named, each under its title if there may be several. */
  work(words: readonly string[], title: string, step: (member: ScriptedMember) => HostStep): void {
    for (const word of words) {
      if (words.length > 1) this.print(`> ${word} ${title}`);
      this.hostStep(step(this.member(word)));
    }
  }

  /** Delivers or drops what waits for `to`; the number of messages. */
  deliver(to: MemberId, { drop, type }: { drop: boolean; type?: string | undefined }): number {
    const wanted = (message: Message): boolean =>
      message.to === to &&
      !(drop && message.from === to) &&
      (type === undefined || formatMessage(message).includes(` ${type} `));
    const taken = this.network.filter(wanted);
    this.network = this.network.filter((message) => !wanted(message));
    for (const message of taken) {
      this.print(`${drop ? "dropped: " : ""}${formatMessage(message)}`);
      if (drop) continue;
      const result = this.member(String(to)).raft.step(message);
      if (result.kind === "refused") this.print(REFUSAL[result.reason]);
    }
    return taken.length;
  }

  /** Lets the members work and talk until nothing is left to do. */
  stabilize(words: readonly string[]): void {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if (!this.stabilizeRound(words)) return;
    }
    throw new Error("the group does not come to rest");
  }

  private stabilizeRound(words: readonly string[]): boolean {
    let busy = false;
    const each = (
      title: string,
      isBusy: (member: ScriptedMember, id: MemberId) => boolean,
      act: (member: ScriptedMember, id: MemberId) => void,
    ): void => {
      for (const word of words) {
        const member = this.member(word);
        if (!isBusy(member, Number(word))) continue;
        busy = true;
        this.print(`> ${word} ${title}`);
        act(member, Number(word));
      }
    };
    each(
      "handling Ready",
      ({ raft }) => raft.hasReady,
      (member) => this.hostStep(member.processReady()),
    );
    each(
      "receiving messages",
      (_, id) => this.network.some(({ to }) => to === id),
      (_, id) => this.deliver(id, { drop: false }),
    );
    each(
      "processing append thread",
      ({ appendWork }) => appendWork.length > 0,
      (member) => {
        while (member.appendWork.length > 0) this.hostStep(member.processAppend());
      },
    );
    each(
      "processing apply thread",
      ({ applyWork }) => applyWork.length > 0,
      (member) => {
        while (member.applyWork.length > 0) this.hostStep(member.processApply());
      },
    );
    return busy;
  }

  private hostStep({ lines, sent }: HostStep): void {
    this.print(...lines);
    this.send(...sent);
  }

  get allWords(): string[] {
    return this.members.map((_, at) => String(at + 1));
  }
}

const REFUSAL = {
  "proposal-dropped": "raft proposal dropped",
  "unknown-peer": "raft: cannot step as peer not found",
  "lease-reads": "",
  "not-promotable": "",
  "unknown-version": "unknown version",
} as const;

function addNodes(script: InteractionScript, command: Command): void {
  const number = (key: string): number | undefined => {
    const value = optionOf(command, key)?.[0];
    return value === undefined ? undefined : Number(value);
  };
  const ids = (key: string): MemberId[] => (optionOf(command, key) ?? []).map(Number);
  const membership: MembershipState = {
    voters: ids("voters"),
    votersOutgoing: [],
    learners: ids("learners"),
    learnersNext: [],
    autoLeave: false,
  };
  const index = number("index") ?? 0;
  const data = Buffer.from(optionOf(command, "content")?.[0] ?? "");
  const start = { version: LOG_VERSION, index, term: index > 0 ? 1 : 0, membership, data } as const;
  for (let left = Number(wordsOf(command)[0]); left > 0; left -= 1) {
    const config = {
      id: script.members.length + 1,
      random: (bound: number): number => bound - 1,
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: HEARTBEAT_TICKS,
      applied: index,
      messageBytesMax: UNLIMITED,
      committedBytesMax: number("max-committed-size-per-ready") ?? UNLIMITED,
      uncommittedBytesMax: UNLIMITED,
      inflight: { messagesMax: number("inflight") ?? UNLIMITED, bytesMax: UNLIMITED },
      checkQuorum: flagOf(command, "checkquorum"),
      preVote: flagOf(command, "prevote"),
      reads: optionOf(command, "read-only")?.[0] === "lease-based" ? "lease" : "quorum",
      stepDownOnRemoval: flagOf(command, "step-down-on-removal"),
      changesUnchecked: flagOf(command, "disable-conf-change-validation"),
      asyncStorage: flagOf(command, "async-storage-writes"),
    } as const;
    script.members.push(new ScriptedMember(config, start));
  }
}

const TRANSITION: Readonly<Record<string, Transition>> = {
  auto: "auto",
  implicit: "joint-implicit",
  explicit: "joint-explicit",
};

function proposeChange(script: InteractionScript, command: Command): void {
  const { raft } = script.member(wordsOf(command)[0]);
  const changes = parseChanges(command.input);
  const transition = TRANSITION[optionOf(command, "transition")?.[0] ?? "auto"] ?? "auto";
  const kind = flagOf(command, "v1") ? "config" : "config-v2";
  const result = raft.proposeChange({ transition, changes }, kind);
  if (result.kind === "refused") script.print(REFUSAL[result.reason]);
}

function deliverMessages(script: InteractionScript, command: Command): void {
  const type = optionOf(command, "type")?.[0];
  const targets = command.options.flatMap(({ key, values }) => {
    if (key === "type") return [];
    if (key === "drop") return values.map((value) => ({ to: Number(value), drop: true }));
    return [{ to: Number(key), drop: false }];
  });
  const counts = targets.map(({ to, drop }) => script.deliver(to, { drop, type }));
  if (counts.every((count) => count === 0)) script.print("no messages");
}

function printLog(script: InteractionScript, word: string | undefined): void {
  const { storage } = script.member(word);
  const [first, last] = [storage.firstIndex(), storage.lastIndex()];
  if (last < first) script.print(`log is empty: first index=${first}, last index=${last}`);
  else script.print(...storage.entries(first, last + 1, UNLIMITED).map(formatEntry));
}

function printStates(script: InteractionScript): void {
  for (const { raft } of script.members) {
    const { id, role, membership, term, leader } = raft.status;
    const voter = voterIds(membership).includes(id) ? "Voter" : "Non-Voter";
    script.print(`${id}: ${ROLE[role]} (${voter}) Term:${term} Lead:${leader}`);
  }
}

function sendSnapshot(script: InteractionScript, [from, to]: readonly string[]): void {
  const { raft, storage } = script.member(from);
  const { id, term } = raft.status;
  const snapshot = storage.snapshot()!;
  const envelope = { version: MESSAGE_VERSION, from: id, to: Number(to), term } as const;
  const message: Message = { ...envelope, kind: "install-snapshot", snapshot };
  script.send(message);
  script.print(formatMessage(message));
}

function tick(script: InteractionScript, command: Command, ticks: number): void {
  const { raft } = script.member(wordsOf(command)[0]);
  for (let left = ticks; left > 0; left -= 1) raft.tick();
}

function stabilize(script: InteractionScript, command: Command): void {
  const words = wordsOf(command);
  const level = optionOf(command, "log-level")?.[0];
  const before = level === undefined ? undefined : script.setQuiet(level === "none");
  script.stabilize(words.length > 0 ? words : script.allWords);
  if (before !== undefined) script.setQuiet(before);
}

const first =
  (act: (member: ScriptedMember, command: Command) => void): Run =>
  (script, command) =>
    act(script.member(wordsOf(command)[0]), command);

const COMMANDS: Readonly<Record<string, Run>> = {
  "add-nodes": addNodes,
  campaign: first(({ raft }) => raft.campaign()),
  compact: (script, command) => {
    const [word, index] = wordsOf(command);
    script.member(word).storage.compact(Number(index));
    printLog(script, word);
  },
  "deliver-msgs": deliverMessages,
  "forget-leader": first(({ raft }) => raft.forgetLeader()),
  "log-level": (script, command) => {
    script.setQuiet(wordsOf(command)[0]?.toLowerCase() === "none");
  },
  "process-append-thread": (script, command) =>
    script.work(wordsOf(command), "processing append thread", (member) => member.processAppend()),
  "process-apply-thread": (script, command) =>
    script.work(wordsOf(command), "processing apply thread", (member) => member.processApply()),
  "process-ready": (script, command) =>
    script.work(wordsOf(command), "handling Ready", (member) => member.processReady()),
  propose: (script, command) => {
    const [word, data = ""] = wordsOf(command);
    const result = script.member(word).raft.propose(Buffer.from(data));
    if (result.kind === "refused") script.print(REFUSAL[result.reason]);
  },
  "propose-conf-change": proposeChange,
  "raft-log": (script, command) => printLog(script, wordsOf(command)[0]),
  "raft-state": printStates,
  "report-unreachable": (script, command) => {
    const [word, peer] = wordsOf(command);
    script.member(word).raft.reportUnreachable(Number(peer));
  },
  "send-snapshot": (script, command) => sendSnapshot(script, wordsOf(command)),
  "set-randomized-election-timeout": first(({ raft }, command) =>
    raft.setRandomizedElectionTicks(Number(optionOf(command, "timeout")?.[0])),
  ),
  stabilize,
  status: (script, command) => {
    const { peers } = script.member(wordsOf(command)[0]).raft.status;
    script.print(...peers.map(formatProgress));
  },
  "tick-election": (script, command) => tick(script, command, ELECTION_TICKS),
  "tick-heartbeat": (script, command) => tick(script, command, HEARTBEAT_TICKS),
  "transfer-leadership": (script, command) => {
    const from = optionOf(command, "from")?.[0];
    script.member(from).raft.transferLeader(Number(optionOf(command, "to")?.[0]));
  },
};
