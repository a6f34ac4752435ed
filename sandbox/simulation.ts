import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EksDelays } from "./aws/eks/dependencies.ts";
import { EksService } from "./aws/eks/index.ts";
import { startFront, type Front } from "./aws/front.ts";
import { Identities, type KeptIdentities } from "./aws/identities.ts";
import { startMoto } from "./aws/moto.ts";
import { Notes, type KeptNotes } from "./aws/notes.ts";
import { keptVolumes } from "./kubelet/index.ts";
import { createDataPlane, type RunningCluster } from "./data-plane.ts";
import { startPublicSide, type KeptPublicSide, type PublicSide } from "./dns/index.ts";
import { findLastingPort } from "./ports.ts";
import { isTrueWithin } from "./processes.ts";
import type { World } from "./world.ts";

export interface SimulationOptions {
  log: (line: string) => void;
  onClusters?: (running: RunningCluster[]) => void;
  delays?: Partial<EksDelays>;
}

/** The simulated AWS of one sandbox: moto, the front before it, and EKS with its clusters. */
export interface Simulation {
  /** "http://127.0.0.1:PORT" of moto, for what nobody asks the front for. */
  moto: string;
  front: Front;
  eks: EksService;
  /** DNS and the way to the load balancers. */
  publicSide: Pick<PublicSide, "dns" | "proxy" | "authority">;
  /** Whether it goes on from what an earlier one has kept. */
  isResumed: boolean;
  stop: () => Promise<void>;
  /** Stops, and leaves in the world's folder all that it needs to go on as if nothing had happened. */
  keep: () => Promise<void>;
}

/** What of the front is kept, besides moto's memory and the clusters, which have files of their own. */
interface Kept {
  port: number;
  identities: KeptIdentities;
  notes: KeptNotes;
  publicSide: KeptPublicSide;
}

/** In the sandbox's folder, after a simulation was kept. */
export const keptFront = "front.json";
const startMilliseconds = 90_000;

/** Starts the simulation, from what the folder of the world holds of an earlier one. */
export async function startSimulation(world: World, options: SimulationOptions): Promise<Simulation> {
  const stopping: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of stopping.splice(0)) {
      await step().catch((error: unknown) => options.log(`stopping: ${String(error)}`));
    }
  };
  try {
    const kept = readKept(world);
    const moto = await startMoto(world);
    stopping.unshift(() => moto.stop());
    const identities = new Identities(Date.now, kept?.identities);
    const notes = new Notes(kept?.notes);
    const port = kept?.port ?? (await findLastingPort());
    const front = await startFront({
      moto: moto.endpoint,
      account: world.account,
      region: world.region,
      callLog: join(world.dir, "calls.jsonl"),
      volumes: join(world.dir, keptVolumes),
      identities,
      notes,
      port,
      ...(moto.serviceModels === undefined ? {} : { serviceModels: moto.serviceModels }),
    });
    stopping.unshift(() => front.stop());
    world.endpoint = front.url;
    const { eks, resume } = createEks(world, front, options);
    stopping.unshift(() => eks.stop());
    front.route("eks", eks.handle);
    if (kept !== undefined) await resume();
    const publicSide = await startPublicSide({
      dir: world.dir,
      front,
      region: world.region,
      notes,
      clusters: () => eks.clusters().flatMap(({ name }) => eks.plane(name)?.kube ?? []),
      kept: kept?.publicSide,
      log: options.log,
    });
    stopping.unshift(() => publicSide.stop());
    const keep = async () => {
      // The last that is stopped is moto, which writes its memory when nobody calls it any more.
      stopping.pop();
      await stop();
      await moto.keep();
      const toKeep: Kept = { port, identities: identities.keep(), notes: notes.keep(), publicSide: publicSide.keep() };
      writeFileSync(join(world.dir, keptFront), JSON.stringify(toKeep), { mode: 0o600 });
    };
    return { moto: moto.endpoint, front, eks, publicSide, isResumed: kept !== undefined, stop, keep };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readKept(world: World): Kept | undefined {
  const file = join(world.dir, keptFront);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : undefined;
}

function createEks(
  world: World,
  front: Front,
  { log, onClusters = () => undefined, delays = {} }: SimulationOptions,
): { eks: EksService; resume: () => Promise<void> } {
  const dataPlane = createDataPlane({ world, front, eks: () => eks, onChange: onClusters, log });
  const eks: EksService = new EksService({
    account: world.account,
    region: world.region,
    dir: join(world.dir, "eks"),
    aws: { endpoint: () => world.endpoint, credentials: front.internal },
    dataPlane,
    delays,
    log,
  });
  return {
    eks,
    resume: async () => {
      eks.resume();
      await Promise.all(
        eks
          .clusters()
          .filter(({ status }) => status === "ACTIVE" || status === "UPDATING")
          .map(async ({ name }) => {
            const hasStarted = await isTrueWithin(startMilliseconds, () => eks.plane(name) !== undefined);
            if (!hasStarted) throw new Error(`the cluster ${name} did not start again; its logs lie beside this one`);
            if (!(await dataPlane.takeOverPods(name))) log(`${name}: not all pods that were ready before are so now`);
          }),
      );
    },
  };
}
