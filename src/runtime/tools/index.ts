import { askUserQuestion } from './ask-user-question.ts';
import { bash } from './bash.ts';
import { edit, multiEdit } from './edit.ts';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { ls } from './ls.ts';
import { monitor } from './monitor.ts';
import { notebookEdit } from './notebook-edit.ts';
import { enterPlanMode, exitPlanMode } from './plan-mode.ts';
import { read } from './read.ts';
import { taskOutput } from './task-output.ts';
import { taskStop } from './task-stop.ts';
import { todoWrite } from './todo.ts';
import type { Tool } from './tool.ts';
import { webFetch } from './web-fetch.ts';
import { webSearch } from './web-search.ts';
import { write } from './write.ts';

/** The tools that come with Farhand, under their own names, in the order in which models see them. */
export const tools: readonly Tool[] = [
  bash,
  taskOutput,
  taskStop,
  monitor,
  read,
  write,
  edit,
  multiEdit,
  notebookEdit,
  glob,
  grep,
  ls,
  webFetch,
  webSearch,
  todoWrite,
  enterPlanMode,
  exitPlanMode,
  askUserQuestion,
];

/** The tool of this exact name, or null. */
export function findTool(name: string): Tool | null {
  return tools.find((tool) => tool.name === name) ?? null;
}
