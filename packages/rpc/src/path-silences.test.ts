import { pathsOf } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { PathSilences } from "./path-silences.ts";

const A = "10.0.1.5:7001";
const B = "10.0.2.5:7001";
const address = `${A},${B}`;

test("paths are tried as they are given, and silent ones last until that is over", () => {
  const silences = new PathSilences({ keptMs: 100 });
  expect(silences.inOrder(address, pathsOf(address), 0)).toEqual([A, B]);
  silences.silent({ address, path: A }, 0);
  expect(silences.inOrder(address, pathsOf(address), 99)).toEqual([B, A]);
  expect(silences.inOrder(address, pathsOf(address), 100)).toEqual([A, B]);
});

test("of two that were silent the one is first that was so earlier", () => {
  const silences = new PathSilences({ keptMs: 100 });
  silences.silent({ address, path: A }, 0);
  silences.silent({ address, path: B }, 50);
  expect(silences.inOrder(address, pathsOf(address), 60)).toEqual([A, B]);
  silences.silent({ address, path: A }, 60);
  expect(silences.inOrder(address, pathsOf(address), 70)).toEqual([B, A]);
});

test("a peer is lost when all paths are silent, and no longer when one was heard", () => {
  const silences = new PathSilences({ keptMs: 100 });
  silences.silent({ address: B, path: B }, 0);
  silences.silent({ address, path: A }, 0);
  expect(silences.lost(pathsOf, 10)).toEqual([B]);
  silences.silent({ address, path: B }, 20);
  expect(silences.lost(pathsOf, 30)).toEqual([B, address]);
  silences.heard({ address, path: A });
  expect(silences.lost(pathsOf, 30)).toEqual([B]);
  expect(silences.lost(pathsOf, 100)).toEqual([]);
});
