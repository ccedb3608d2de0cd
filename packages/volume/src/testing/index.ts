export { FakeCluster, type FakeNode, replyOf } from "./fake-cluster.ts";
