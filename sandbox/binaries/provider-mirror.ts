import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { SandboxError } from "../errors.ts";
import { versions } from "./versions.ts";

const variable = "HUBCTL_SANDBOX_PROVIDER_MIRROR";
export const providerPath = "registry.terraform.io/hashicorp/aws";

export interface MirrorPlaces {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Folders below which optional software usually lies, with the depth to search. */
  prefixes: readonly { folder: string; depth: number }[];
}

const usualPlaces: MirrorPlaces = {
  env: process.env,
  home: homedir(),
  prefixes: [
    { folder: "/opt", depth: 4 },
    { folder: "/usr/local", depth: 4 },
    { folder: "/usr/share", depth: 2 },
    { folder: "/srv", depth: 4 },
    { folder: homedir(), depth: 3 },
  ],
};

/** The search ends after this many folders, however large the disk. */
const mostFolders = 5_000;
const skipped = new Set(["node_modules", "proc", "__pycache__"]);

/**
 * A folder that Terraform can use as a filesystem mirror with the tested version of hashicorp/aws for this platform:
 * the one that the environment names, then those that Terraform itself looks at, then what a bounded search finds.
 */
export function findProviderMirror(places: MirrorPlaces = usualPlaces): string | undefined {
  const named = places.env[variable];
  if (named !== undefined && named !== "") {
    if (!holdsProvider(resolve(named))) {
      throw new SandboxError(
        `${variable} is ${named}, where there is no ${providerPath} ${versions.awsProvider} for this platform`,
        `Unset ${variable}`,
      );
    }
    return resolve(named);
  }
  return impliedMirrors(places).find(holdsProvider) ?? searchMirror(places);
}

function impliedMirrors({ env, home }: MirrorPlaces): string[] {
  const dataFolders = [
    env["XDG_DATA_HOME"] || join(home, ".local/share"),
    ...(env["XDG_DATA_DIRS"] || ["/usr/local/share", "/usr/share"].join(delimiter)).split(delimiter),
    join(home, "Library/Application Support/io.terraform"),
    "/Library/Application Support/io.terraform",
  ];
  return [
    ...(env["TF_PLUGIN_CACHE_DIR"] ? [env["TF_PLUGIN_CACHE_DIR"]] : []),
    join(home, ".terraform.d/plugins"),
    join(home, ".terraform.d/plugin-cache"),
    ...dataFolders.flatMap((folder) => [join(folder, "terraform/plugins"), join(folder, "plugins")]),
  ];
}

function holdsProvider(folder: string): boolean {
  const provider = join(folder, providerPath);
  const platform = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
  const version = versions.awsProvider;
  return (
    existsSync(join(provider, version, platform)) ||
    existsSync(join(provider, `terraform-provider-aws_${version}_${platform}.zip`))
  );
}

/** Breadth first, so that what lies near the top is found before the limit is used up by something deep. */
function searchMirror({ prefixes }: MirrorPlaces): string | undefined {
  const queue = prefixes.map(({ folder, depth }) => ({ folder, depth }));
  for (let index = 0; index < queue.length && index < mostFolders; index++) {
    const entry = queue[index];
    if (entry === undefined) break;
    if (holdsProvider(entry.folder)) return entry.folder;
    if (entry.depth === 0) continue;
    for (const name of foldersIn(entry.folder))
      queue.push({ folder: join(entry.folder, name), depth: entry.depth - 1 });
  }
  return undefined;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !skipped.has(entry.name))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
