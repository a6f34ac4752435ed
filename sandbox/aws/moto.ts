import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { projectRoot } from "../paths.ts";
import { imagesForMoto } from "./node-images.ts";
import { findServiceModels } from "./service-models.ts";

/** What startMoto needs of a sandbox's world. */
export interface MotoHost {
  /** The sandbox's own folder. */
  dir: string;
  binaries: { motoServer: string };
  logFile(name: string): string;
  spawn(
    name: string,
    file: string,
    args: string[],
    options?: { env?: Record<string, string>; cwd?: string },
  ): { exited: Promise<{ code: number | null }>; stop(request?: NodeJS.Signals): Promise<void> };
}

export interface Moto {
  /** "http://127.0.0.1:PORT" */
  endpoint: string;
  /** Folder of botocore's service models, which come with moto. */
  serviceModels?: string;
  stop(): Promise<void>;
  /** Writes all that it knows to its memory file, and ends; no call may be under way. */
  keep(): Promise<void>;
}

/** In the sandbox's folder: what moto starts with. */
export const motoMemory = "moto.memory";

const environment = {
  // Without them AttachRolePolicy of any of AWS' own policies fails.
  MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
  // An instance type that does not exist is an error, as in AWS.
  MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: "true",
  MOTO_ACM_VALIDATION_WAIT: "0",
  // Bucket names are everybody's, but a bucket is its owner's.
  MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS: "false",
  PYTHONUNBUFFERED: "1",
  // moto-server.py lies beside this file, where nothing is to be written.
  PYTHONDONTWRITEBYTECODE: "1",
};

const startLimit = 60_000;

/** Starts moto on a port that the system chooses, with its memory file if there is one, and waits until it answers. */
export async function startMoto(host: MotoHost): Promise<Moto> {
  const images = join(host.dir, "node-images.json");
  writeFileSync(images, JSON.stringify(imagesForMoto()));
  const { motoServer } = host.binaries;
  const memory = join(host.dir, motoMemory);
  const server = join(projectRoot, "sandbox/aws/moto-server.py");
  const child = host.spawn("moto", pythonOf(motoServer), [server, memory, "-H", "127.0.0.1", "-p", "0"], {
    env: { ...environment, MOTO_AMIS_PATH: images },
  });
  const keep = async () => {
    rmSync(memory, { force: true });
    await child.stop("SIGUSR1");
    const { code } = await child.exited;
    if (code !== 0 || !existsSync(memory)) throw new Error(`moto could not write its memory; its log: ${log}`);
  };
  const log = host.logFile("moto");
  const deadline = Date.now() + startLimit;
  const state = { hasExited: false };
  void child.exited.then(() => (state.hasExited = true));
  for (;;) {
    const endpoint = findEndpoint(log);
    if (endpoint !== undefined && (await answers(endpoint))) {
      const serviceModels = findServiceModels(motoServer);
      return { endpoint, ...(serviceModels === undefined ? {} : { serviceModels }), stop: () => child.stop(), keep };
    }
    if (state.hasExited) throw new Error(`moto ended before it answered; its log: ${log}`);
    if (Date.now() > deadline) {
      await child.stop();
      throw new Error(`moto did not answer within ${startLimit / 1000} s; its log: ${log}`);
    }
    await wait(50);
  }
}

/** The interpreter that a script of pip's names, directly or, where its path is long, by way of a shell. */
export function pythonOf(motoServer: string): string {
  const [, direct, throughShell] =
    /^#!(?:(\S*python\S*)|\/bin\/sh\n'''exec' "?([^"\s]+))/.exec(readFileSync(motoServer, "utf8")) ?? [];
  return direct ?? throughShell ?? join(dirname(motoServer), "python3");
}

function findEndpoint(log: string): string | undefined {
  if (!existsSync(log)) return undefined;
  // The last one: the log may hold an earlier run's.
  return [...readFileSync(log, "utf8").matchAll(/Running on (http:\/\/127\.0\.0\.1:\d+)/g)].at(-1)?.[1];
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/moto-api/config`)).ok;
  } catch {
    return false;
  }
}
