export {
  TEST_CHUNK_SIZE,
  TEST_CLUSTER,
  TestCatalog,
  testDisk,
  testNode,
  testStore,
  testVolume,
} from "./cluster.ts";
