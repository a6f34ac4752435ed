import { relative, sep } from "node:path";
import { UserError } from "../errors.ts";

/** One thing that is wrong with a deployment's file or environment. */
export interface Problem {
  /** "file:line:column", as far as it is known. */
  at?: string;
  /** A hub.yaml path ("network.vpc.cidr") or a variable's name; absent if the problem is the file's as a whole. */
  key?: string;
  /** Continues the key: "is required", "must be …". */
  message: string;
}

/** One error that lists them all. */
export function configError(deployment: string, problems: readonly Problem[]): UserError {
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  return new UserError("ConfigInvalid", [`The configuration of ${deployment} has ${count}:`, ...lines].join("\n"), {
    hint: "correct what is listed and run the same command again; nothing was touched",
  });
}

export function formatProblem({ at, key, message }: Problem): string {
  return `${at === undefined ? "" : `${at}: `}${key === undefined ? "" : `${key} `}${message}`;
}

/** A path as a person in `cwd` would write it. */
export function displayPath(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === "" || path === ".." || path.startsWith(`..${sep}`) ? file : path;
}
