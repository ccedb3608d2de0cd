// What a supervisor leaves for the one that follows it: for each process the boot id of its last
// start and whether it is wanted. Written before a process is started, so that there is no moment
// at which a running process is unknown to the file. An orderly shutdown removes it.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { SystemError } from "@ashlar/core";
import { findByBootId, type ProcessStamp } from "./process-stat.ts";

export interface ProcessState {
  readonly wanted: "up" | "down";
  /** Of the last start; absent when it never ran. */
  readonly bootId?: string;
}

export type ProcessStates = Readonly<Record<string, ProcessState>>;

const STATE_VERSION = 1;

interface StateDocument {
  readonly version: typeof STATE_VERSION;
  readonly supervisorPid: number;
  readonly processes: ProcessStates;
}

function readDocument(path: string): StateDocument | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
  const document = JSON.parse(text) as StateDocument;
  if (document.version !== STATE_VERSION) {
    throw new SystemError("config/invalid", `${path}: version ${document.version} is unknown`);
  }
  return document;
}

/** The recorded states; none when there is no file. */
export const readStates = (path: string): ProcessStates => readDocument(path)?.processes ?? {};

/** Replaces the file as a whole. */
export function writeStates(path: string, processes: ProcessStates): void {
  const document: StateDocument = {
    version: STATE_VERSION,
    supervisorPid: process.pid,
    processes,
  };
  writeFileSync(`${path}.new`, `${JSON.stringify(document)}\n`);
  renameSync(`${path}.new`, path);
}

/** Whether no supervisor runs or was killed: an orderly shutdown leaves no file. */
export const isShutDown = (path: string): boolean => !existsSync(path);

export const removeStates = (path: string): void => rmSync(path, { force: true });

/** The recorded processes that still run, by id: what a new supervisor adopts. */
export function findSurvivors(path: string): ReadonlyMap<string, ProcessStamp> {
  const states = Object.entries(readStates(path));
  const bootIds = states.flatMap(([, { bootId }]) => (bootId === undefined ? [] : [bootId]));
  const running = findByBootId(new Set(bootIds));
  const survivors = new Map<string, ProcessStamp>();
  for (const [id, { bootId }] of states) {
    const stamp = bootId === undefined ? undefined : running.get(bootId);
    if (stamp) survivors.set(id, stamp);
  }
  return survivors;
}
