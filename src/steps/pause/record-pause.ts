import { listNodeGroups } from "../../aws/node-groups.ts";
import { removePause, writePause, type Pause, type Scaling } from "../../aws/pause.ts";
import { defineStep } from "../../engine/step.ts";
import type { HubConfig } from "../../config/hub-config.ts";
import type { Reached } from "../cluster-reach.ts";
import type { Installation } from "../installation.ts";
import { findPause } from "../paused.ts";

/** Before anything is stopped: from now on no other run takes what is missing for something to put right. */
export const recordPause = defineStep({
  id: "record-pause",
  title: "Note that the deployment is paused",
  async check(reached: Reached) {
    const pause = await findPause(reached);
    if (pause) return { done: `since ${pause.since}` };
    const groups = await listNodeGroups(reached.aws, reached.config.name);
    const { arn } = await reached.caller();
    const nodeGroups = groups.map(({ name, scaling }): [string, Scaling] => [
      name,
      scalingToKeep(scaling, reached.config),
    ]);
    const plan: Pause = {
      since: new Date().toISOString(),
      by: arn,
      isComplete: false,
      nodeGroups: Object.fromEntries(nodeGroups),
    };
    return { change: "beside its state, for every operator", plan };
  },
  async run(reached: Reached, pause: Pause) {
    await writePause(reached.aws, await placeOf(reached), pause);
  },
});

export const endPause = defineStep({
  id: "end-pause",
  title: "Note that the pause is over",
  async check(installation: Installation) {
    const pause = await findPause(installation);
    return pause ? { change: `it was paused since ${pause.since}`, plan: undefined } : { done: "it is not paused" };
  },
  async run(installation: Installation) {
    await removePause(installation.aws, await placeOf(installation));
  },
});

/** Changes what is noted of the pause. */
export async function markPause(reached: Reached, changes: Partial<Pause>): Promise<void> {
  const pause = await findPause(reached);
  if (pause) await writePause(reached.aws, await placeOf(reached), { ...pause, ...changes });
}

async function placeOf({ caller, config }: Installation): Promise<{ account: string; deployment: string }> {
  return { account: (await caller()).account, deployment: config.name };
}

/** Somebody may have taken the nodes away by hand; a resume shall bring them back all the same. */
function scalingToKeep(scaling: Scaling, { cluster: { coreNodes } }: HubConfig): Scaling {
  const { min, max, desired } = coreNodes;
  return scaling.desired > 0 ? scaling : { min, max, desired };
}
