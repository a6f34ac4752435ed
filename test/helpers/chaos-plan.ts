import { turnsOf } from "../../src/engine/step.ts";
import { cleanupSteps, installSteps } from "../../src/steps/index.ts";
import type { Blow, Moment } from "./kill-moment.ts";

export interface Kill {
  command: "install" | "cleanup";
  moment: Moment;
  blow: Blow;
}

const idsOf = {
  install: turnsOf(installSteps)
    .flat()
    .map(({ id }) => id)
    // Nothing is made before the bucket.
    .filter((id) => !["check-tools", "check-login"].includes(id)),
  cleanup: turnsOf(cleanupSteps("delete"))
    .flat()
    .map(({ id }) => id)
    .filter((id) => !["check-tools", "check-login", "take-lock"].includes(id)),
};

/** What is killed and when, the same for a seed every time: an install or nothing, then a cleanup. */
export function planChaos(seed: number): Kill[] {
  const random = randomNumbers(seed);
  const commands = random() < 0.5 ? (["install", "cleanup"] as const) : (["cleanup"] as const);
  return commands.map((command) => {
    const blow = random();
    return {
      command,
      moment: chooseMoment(command, random),
      blow: blow < 0.45 ? "hubctl" : blow < 0.8 ? "all" : "SIGINT",
    };
  });
}

/** Half of all moments are in Terraform's hands, where a step is long and much is under way. */
function chooseMoment(command: keyof typeof idsOf, random: () => number): Moment {
  const ids = idsOf[command];
  const ofTerraform = ids.filter((id) => id.endsWith("-stack"));
  const from = random() < 0.5 ? ofTerraform : ids;
  const step = from[Math.floor(random() * from.length)] ?? "";
  // Few steps make many calls; what ends sooner is killed at its end.
  return { step, calls: Math.floor(random() ** 2 * (ofTerraform.includes(step) ? 250 : 20)) };
}

/** Numbers from 0 to 1 that a seed determines: mulberry32, https://github.com/cprosche/mulberry32 */
function randomNumbers(seed: number): () => number {
  // Seeds that follow one another would begin alike.
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
