import type { Exec } from "./exec.ts";

/** Answers a command that it has run before from memory: for a look at what nobody changes meanwhile. */
export function askedOnce(exec: Exec): Exec {
  const answers = new Map<string, ReturnType<Exec>>();
  return (command, options) => {
    const question = JSON.stringify([command, options]);
    const answer = answers.get(question) ?? exec(command, options);
    answers.set(question, answer);
    // A failure is no answer: who tries again asks again.
    answer.catch(() => answers.delete(question));
    return answer;
  };
}
