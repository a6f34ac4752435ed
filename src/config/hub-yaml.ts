import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Deployment } from "./deployment.ts";
import { isGroup, mergeLayers, type Layer } from "./layers.ts";
import { readNeighbours } from "./neighbours.ts";
import { displayPath, type Problem } from "./problem.ts";
import { recordedDefaults } from "./recorded-defaults.ts";
import { readSetOptions } from "./set-options.ts";
import { methodOf, validateConfig, type ReadResult } from "./validate.ts";
import { readYamlFile } from "./yaml-file.ts";

/** The certificate belongs to one account, so a file that is meant for several may leave it to the environment. */
const certificateVariables = ["HUBCTL_CERTIFICATE_ARN", "TF_VAR_aws_certificate_arn"];

/** Beside the deployments' folders: what several of them share. */
const commonFile = "common.yaml";

interface FormOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  set?: readonly string[] | undefined;
}

/** Reads and judges a hub.yaml with what goes with it: common.yaml, `--set`, and the files beside it. */
export function readHubYaml(deployment: Deployment, { cwd, env, set = [] }: FormOptions): ReadResult {
  const files = settingFiles(deployment);
  const displays = files.map((file) => displayPath(file, cwd));
  const read = files.map((file, index) => readLayer(file, displays[index] ?? file));
  const options = readSetOptions(set);
  const unreadable = [...options.problems, ...read.flatMap(({ problems }) => problems)];
  if (unreadable.length > 0) return { problems: unreadable, method: undefined, warnings: [] };

  const fileLayers = read.flatMap(({ layer }) => layer ?? []);
  const { input, origin } = mergeLayers([
    ...options.layers,
    ...fileLayers,
    ...certificateLayer(env),
    ...recordedDefaults(deployment.lockFile),
  ]);
  const neighbours = readNeighbours(dirname(deployment.configFile), cwd);
  const { problems, config } = validateConfig(deployment.name, input, origin, neighbours);
  problems.sort((a, b) => comparePlaces(placeOf(a, displays), placeOf(b, displays)));
  return {
    ...(config === undefined ? {} : { config }),
    problems,
    method: methodOf(input),
    warnings: [],
    files: [...files, ...neighbours.files],
  };
}

/** Every file that settings of the deployment are read from, the highest first. */
function settingFiles({ configFile }: Deployment): string[] {
  const common = join(dirname(dirname(configFile)), commonFile);
  return existsSync(common) ? [configFile, common] : [configFile];
}

function readLayer(file: string, display: string): { layer?: Layer; problems: Problem[] } {
  const read = readYamlFile(file, display);
  if ("problems" in read) return read;
  const isCommon = file.endsWith(commonFile);
  if (read.value === null && !isCommon) return { problems: [{ at: display, message: "the file is empty" }] };
  if (read.value === null) return { problems: [] };
  if (!isGroup(read.value) && isCommon) {
    return { problems: [{ at: display, message: "must be a group of settings, as a hub.yaml is" }] };
  }
  return { layer: { ...read, isFile: true }, problems: [] };
}

/** What the environment says counts only if no file does. */
function certificateLayer(env: NodeJS.ProcessEnv): Layer[] {
  const variable = certificateVariables.find((name) => (env[name] ?? "") !== "");
  if (variable === undefined) return [];
  const origin = { at: () => undefined, key: () => variable, written: () => undefined };
  return [{ value: { certificate: env[variable] }, isFile: false, origin }];
}

type Place = readonly [file: number, line: number, column: number];

/** First what is in no file, then each file of settings from its top, then all else. */
function placeOf({ at }: Problem, displays: readonly string[]): Place {
  if (at === undefined) return [-1, 0, 0];
  const [, file = at, line = 0, column = 0] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
  const index = displays.indexOf(file);
  return index === -1 ? [displays.length, 0, 0] : [index, Number(line), Number(column)];
}

function comparePlaces(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
