import { describe, expect, it } from "vitest";
import { operation } from "../testing/history.ts";
import { checkLinearizable } from "./checker.ts";
import type { History, Operation } from "./model.ts";
import { VOLUME_NAMES, type VolumeNameInput, type VolumeNameOutput } from "./volume-names.ts";

type NameOperation = Operation<VolumeNameInput, VolumeNameOutput>;
type NameHistory = History<VolumeNameInput, VolumeNameOutput>;
type Times = readonly [callTime: number, returnTime: number | undefined];

const asked =
  (kind: VolumeNameInput["kind"]) =>
  (times: Times, output?: VolumeNameOutput, name = "vm"): NameOperation =>
    operation("client", times, { kind, name }, output);
const create = asked("create");
const remove = asked("delete");
const get = asked("get");

const CREATED = { kind: "created" } as const;
const EXISTS = { kind: "exists" } as const;
const DELETED = { kind: "deleted" } as const;
const NOT_FOUND = { kind: "not-found" } as const;
const found = (volume: string): VolumeNameOutput => ({ kind: "found", volume });
const created = (volume: string): VolumeNameOutput => ({ kind: "created", volume });

describe("accepts", () => {
  const histories: Readonly<Record<string, NameHistory>> = {
    "a volume's whole life, and another of its name": [
      get([1, 2], NOT_FOUND),
      create([3, 4], created("v1")),
      create([5, 6], EXISTS),
      get([7, 8], found("v1")),
      remove([9, 10], DELETED),
      remove([11, 12], NOT_FOUND),
      create([13, 14], created("v2")),
      get([15, 16], found("v2")),
    ],
    "an id that a get is the first to tell": [
      create([1, 2], CREATED),
      get([3, 4], found("v1")),
      get([5, 6], found("v1")),
    ],
    "a create without an answer, taken for done or not": [
      create([1, undefined]),
      create([2, 3], EXISTS),
      get([4, 5], found("v1")),
    ],
    "a create without an answer that came too late": [
      create([1, undefined]),
      create([2, 3], created("v1")),
      get([4, 5], found("v1")),
    ],
    "a delete without an answer that takes effect between two gets": [
      create([1, 2], created("v1")),
      remove([3, undefined]),
      get([4, 5], found("v1")),
      get([6, 7], NOT_FOUND),
    ],
    "two creates at a time, of which one wins": [
      create([1, 5], EXISTS),
      create([2, 4], created("v1")),
    ],
    "other names, each on its own": [
      create([1, 2], created("v1")),
      create([1, 2], created("v2"), "other"),
      get([3, 4], NOT_FOUND, "third"),
    ],
  };

  it.each(Object.entries(histories))("%s", (_name, history) => {
    expect(checkLinearizable(VOLUME_NAMES, history)).toEqual({ kind: "linearizable" });
  });
});

describe("rejects", () => {
  const histories: Readonly<Record<string, NameHistory>> = {
    "two successful creates of one name": [
      create([1, 4], created("v1")),
      create([2, 3], created("v2")),
    ],
    "two successful creates whose ids nobody told": [
      create([1, 4], CREATED),
      create([2, 3], CREATED),
    ],
    "a stale get after a create": [create([1, 2], CREATED), get([3, 4], NOT_FOUND)],
    "a stale get after a delete": [
      create([1, 2], created("v1")),
      remove([3, 4], DELETED),
      get([5, 6], found("v1")),
    ],
    "a get of a volume that was never created": [get([1, 2], found("v1"))],
    "another volume than the created one": [
      create([1, 2], created("v1")),
      get([3, 4], found("v2")),
    ],
    "two gets that see different volumes": [
      create([1, 2], CREATED),
      get([3, 4], found("v1")),
      get([5, 6], found("v2")),
    ],
    "a volume that comes back after its delete": [
      create([1, 2], created("v1")),
      remove([3, 4], DELETED),
      create([5, 6], CREATED),
      get([7, 8], found("v1")),
    ],
    "a create that is done twice": [
      create([1, undefined]),
      get([2, 3], found("v1")),
      remove([4, 5], DELETED),
      get([6, 7], found("v1")),
    ],
    "exists, where nothing was": [create([1, 2], EXISTS)],
    "two successful deletes of one volume": [
      create([1, 2], created("v1")),
      remove([3, 6], DELETED),
      remove([4, 5], DELETED),
    ],
    "a create without an answer, seen and then unseen": [
      create([1, undefined]),
      get([2, 3], found("v1")),
      get([4, 5], NOT_FOUND),
    ],
    "an answer that belongs to another request": [create([1, 2], DELETED)],
    "a breach under one name among many": [
      create([1, 2], created("v1")),
      create([1, 2], created("v2"), "other"),
      get([3, 4], NOT_FOUND, "other"),
    ],
  };

  it.each(Object.entries(histories))("%s", (_name, history) => {
    expect(checkLinearizable(VOLUME_NAMES, history).kind).toBe("not-linearizable");
  });
});

it("names apart make a history of many of them quick", () => {
  const history = Array.from({ length: 200 }, (_, at) => [
    create([at, at + 50], at % 7 === 0 ? undefined : created(`v${at}`), `vm${at}`),
    get([at + 51, at + 90], found(`v${at}`), `vm${at}`),
  ]).flat();
  const verdict = checkLinearizable(VOLUME_NAMES, history, { stepsMax: 10 });
  expect(verdict).toEqual({ kind: "linearizable" });
});
