import { hubctlProgram } from "../example.ts";
import { hasCode } from "../processes.ts";
import { compare, type Measurement } from "./measurement.ts";
import { runTimed } from "./run-timed.ts";

const pairs = 15;

/** How long hubctl takes to be there at all, against bare Node and, where it is installed, the aws CLI. */
export async function measureColdStart(signal: AbortSignal): Promise<Measurement[]> {
  const run = (file: string, ...args: string[]) => runTimed({ file, args }, { signal });
  const hubctl = () => run(process.execPath, hubctlProgram, "--version");
  const node = () => run(process.execPath, "-e", "0");
  const aws = () => run("aws", "--version");

  // The first start of each reads its files from the disk.
  await hubctl();
  await node();
  const measurements = [
    await compare({ what: "hubctl --version / node -e 0", bound: 2.5, pairs, measured: hubctl, against: node }),
  ];
  if (await isInstalled(aws)) {
    measurements.push(
      await compare({ what: "hubctl --version / aws --version", bound: 0.5, pairs, measured: hubctl, against: aws }),
    );
  }
  return measurements;
}

async function isInstalled(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
