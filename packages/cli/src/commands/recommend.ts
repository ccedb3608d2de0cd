// `ashlar recommend …`: what is asked far more than its like, and what can be done about it.
import { SystemError } from "@ashlar/core";
import type { Command } from "commander";
import { type ClusterOptions, withAdmin, withClusterOptions } from "../cluster-address.ts";
import type { Answer } from "../output.ts";
import { modeLine, recommendationLines } from "../recommendations.ts";
import { answering } from "../run.ts";

async function list(options: ClusterOptions): Promise<Answer> {
  const told = await withAdmin(options, ({ recommend }, signal) => recommend.list({ signal }));
  return { json: told, lines: recommendationLines(told) };
}

async function apply(id: string, options: ClusterOptions): Promise<Answer> {
  const ids = id === "all" ? [] : [id];
  const done = await withAdmin(options, ({ recommend }, signal) =>
    recommend.apply(ids, { signal }),
  );
  const { applied, chunks } = done;
  const line =
    applied.length === 0
      ? "there is nothing to apply"
      : `applied ${applied.join(", ")}: ${chunks} chunks are led elsewhere, or have a copy that moves`;
  return { json: done, lines: [line] };
}

async function auto(setting: string, options: ClusterOptions): Promise<Answer> {
  if (setting !== "on" && setting !== "off") {
    throw new SystemError("argument/invalid", `"${setting}" is neither "on" nor "off"`);
  }
  const advice = setting === "on" ? "auto" : "manual";
  await withAdmin(options, ({ recommend }, signal) => recommend.setAdvice(advice, { signal }));
  return { json: { advice }, lines: [modeLine(advice)] };
}

export function addRecommendCommands(program: Command): void {
  const recommend = program
    .command("recommend")
    .description("nodes, disks and volumes that are asked far more than others, and what helps");
  withClusterOptions(recommend.command("list"))
    .description("hot spots of the last minute, full disks, missing room and paths, and what helps")
    .action(answering(list));
  withClusterOptions(recommend.command("apply"))
    .argument("<id>", "of a recommendation, or `all` that can be applied")
    .description("do what a recommendation says")
    .action(answering(apply));
  withClusterOptions(recommend.command("auto <on|off>"))
    .description("have what moves no data done without asking, or not any more")
    .action(answering(auto));
}
