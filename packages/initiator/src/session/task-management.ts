// Task management as an initiator asks for it (RFC 7143, 11.5).
import { TASK_FUNCTION } from "@ashlar/iscsi";
import type { CommandTask } from "./command-task.ts";

export interface TaskManagement {
  readonly function: number;
  readonly lun: number;
  /** Tag of the command an ABORT TASK is about. */
  readonly referencedTag?: number;
}

/** Whether a completed task management request leaves the task without an answer. */
export function endsTask(request: TaskManagement, task: CommandTask): boolean {
  switch (request.function) {
    case TASK_FUNCTION.abortTask:
      return request.referencedTag === task.itt;
    case TASK_FUNCTION.abortTaskSet:
    case TASK_FUNCTION.clearTaskSet:
    case TASK_FUNCTION.logicalUnitReset:
      return request.lun === task.command.lun;
    default:
      return (
        request.function === TASK_FUNCTION.targetWarmReset ||
        request.function === TASK_FUNCTION.targetColdReset
      );
  }
}
