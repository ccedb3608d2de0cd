import { expect, test } from "vitest";
import { decodeState, encodeState, stateHash } from "../encode.ts";
import { TestCatalog, testNode } from "../testing/cluster.ts";

test("a term names the history from it on, also before there is a cluster", () => {
  const catalog = new TestCatalog();
  expect(catalog.state.run).toBe("");
  catalog.done({ kind: "beginTerm", member: 1, run: "first", incarnationsSkipped: 0 });
  catalog.create();
  expect(catalog.state.run).toBe("first");
  catalog.done({ kind: "beginTerm", member: 2, run: "second", incarnationsSkipped: 0 });
  expect(catalog.state.run).toBe("second");
});

test("hash reports of the newest entry are kept, one of each member", () => {
  const catalog = TestCatalog.created();
  const report = (member: number, index: number, hash: number) =>
    catalog.done({ kind: "reportHash", member, index, hash });
  report(1, 1024, 7);
  report(2, 1024, 7);
  report(2, 1024, 8);
  expect(catalog.state.hashReports).toEqual({
    index: 1024,
    reports: new Map([
      [1, 7],
      [2, 8],
    ]),
  });
  report(1, 2048, 9);
  report(3, 1024, 7);
  expect(catalog.state.hashReports).toEqual({ index: 2048, reports: new Map([[1, 9]]) });
});

test("R8 R9: a snapshot holds sessions, members, the run and the reports, and the hash covers each", () => {
  const catalog = TestCatalog.created(2);
  catalog.volume(1, 3);
  catalog.begin(2, 2);
  const hashes = new Set([stateHash(catalog.state)]);
  const covered = (change: () => void): void => {
    change();
    hashes.add(stateHash(catalog.state));
  };
  const address = "127.0.0.1:7100";
  covered(() => catalog.done({ kind: "memberExpected", node: testNode(8), address }));
  const joined = { kind: "memberJoined", node: testNode(8), member: 8, address } as const;
  covered(() => catalog.done(joined));
  covered(() => catalog.done({ kind: "beginTerm", member: 8, run: "run", incarnationsSkipped: 0 }));
  covered(() => catalog.done({ kind: "reportHash", member: 9, index: 5, hash: 2 ** 32 - 1 }));
  covered(() => catalog.done({ kind: "reportHash", member: 8, index: 5, hash: 1 }));
  const { session } = catalog.done({ kind: "openSession" });
  const deleted = { kind: "deleteVolume", volume: "" as never } as const;
  covered(() => catalog.apply(deleted, { session, sequence: 2, answeredBelow: 1 }));
  covered(() => catalog.done(joined, { session, sequence: 1, answeredBelow: 1 }));
  expect(hashes.size).toBe(8);
  const read = decodeState(encodeState(catalog.state));
  expect({ ...read, view: [...read.view.list()] }).toEqual({
    ...catalog.state,
    view: [...catalog.state.view.list()],
  });
  expect(stateHash(read)).toBe(stateHash(catalog.state));
});

test("equal states give equal bytes, whatever the order in which things came", () => {
  const build = (turned: boolean) => {
    const catalog = TestCatalog.created();
    const turn = <T>(items: T[]): T[] => (turned ? items.reverse() : items);
    for (const number of turn([1, 2])) {
      const address = "127.0.0.1:7100";
      catalog.done({ kind: "memberExpected", node: testNode(number), address });
    }
    for (const member of turn([1, 2])) {
      catalog.done({ kind: "reportHash", member, index: 1, hash: 0 });
    }
    catalog.state.sessions.clear();
    const results = turn([1, 2]).map(
      (sequence) =>
        [sequence, { kind: "storeDown", result: { kind: "done", value: null } }] as const,
    );
    for (const session of turn([1, 2])) {
      catalog.state.sessions.set(session, {
        usedAt: 2,
        answeredBelow: 1,
        results: new Map(results),
      });
    }
    return encodeState(catalog.state);
  };
  expect(build(true)).toEqual(build(false));
});
