import type { HubConfig } from "../config/hub-config.ts";

/** Where the hub chart mounts homes. */
const home = "/home/jovyan";
const log = "/tmp/hubctl-start.log";

/**
 * What runs in each server once it has started, or undefined. Kubernetes ends a container whose hook fails, and a
 * repository that can't be reached must not keep anyone from their files: so what goes wrong is only written down.
 */
export function startCommands({ users }: HubConfig): string[] | undefined {
  const commands = [
    ...users.pullRepositories.map(pullRepository),
    ...(users.postStart === undefined ? [] : [`sh -c ${quote(users.postStart)}`]),
  ];
  if (commands.length === 0) return undefined;
  const lines = commands.map((command) => `(${command}) >>${log} 2>&1 || echo "failed with exit code $?" >>${log}`);
  return ["sh", "-c", [`cd ${home} || exit 0`, ...lines].join("\n")];
}

/** nbgitpuller keeps what users have changed. Its versions do not agree on the default branch, so it is asked for here. */
function pullRepository({ url, branch, folder }: HubConfig["users"]["pullRepositories"][number]): string {
  const target = quote(folder ?? lastPart(url));
  if (branch !== undefined) return `gitpuller ${quote(url)} ${quote(branch)} ${target}`;
  const head = `git ls-remote --symref ${quote(url)} HEAD | sed -n 's|^ref: refs/heads/\\(.*\\)[[:space:]]HEAD$|\\1|p'`;
  return `gitpuller ${quote(url)} "$(${head})" ${target}`;
}

function lastPart(url: string): string {
  return (
    url
      .replace(/\/+$/, "")
      .replace(/\.git$/, "")
      .split(/[/:]/)
      .at(-1) ?? url
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
