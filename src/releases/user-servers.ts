import type { HubConfig } from "../config/hub-config.ts";
import { literalEnvironment } from "./environment.ts";
import { chartImage, pullPolicy } from "./images.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { homeClaim } from "./platform.ts";
import { profileList } from "./profiles.ts";
import { serverResources } from "./profile-resources.ts";
import { userAccount } from "./service-accounts.ts";
import { folderMounts } from "./shared-folders.ts";
import { startCommands } from "./start-commands.ts";

/** The hub chart's `singleuser`. */
export function userServers(inputs: ReleaseInputs): Record<string, unknown> {
  const { config } = inputs;
  const profiles = profileList(inputs);
  const account = userAccount(config);
  const commands = startCommands(config);
  return {
    image: { ...chartImage(config.image, inputs), pullPolicy: pullPolicy(config.image, inputs) },
    ...serverResources(config.users),
    storage: {
      type: "static",
      // A name of its own for every user, and one that can be read back. It is also where hubs of the Dandihub form
      // have their homes: `{username}` meant the escaped name until KubeSpawner 7.
      static: { pvcName: homeClaim, subPath: "{escaped_username}" },
      ...folderMounts(config.storage.sharedFolders),
    },
    ...(profiles.length > 0 ? { profileList: profiles } : {}),
    ...(Object.keys(config.users.environment).length > 0
      ? { extraEnv: literalEnvironment(config.users.environment) }
      : {}),
    ...(config.users.files.length > 0 ? { extraFiles: extraFiles(config.users.files) } : {}),
    ...(commands === undefined ? {} : { lifecycleHooks: { postStart: { exec: { command: commands } } } }),
    // Its token stays out of the pod: Pod Identity brings one of its own, which is good for nothing but the role.
    ...(account === undefined ? {} : { serviceAccountName: account }),
    // A new node and a large image take longer than the chart's five minutes.
    startTimeout: 1200,
    defaultUrl: "/lab",
    // Instances answer metadata requests from one hop away only, which pods are not; the chart's way would put a
    // privileged container into every user's pod.
    cloudMetadata: { blockWithIptables: false },
    extraAnnotations: { "karpenter.sh/do-not-disrupt": "true" },
  };
}

function extraFiles(files: HubConfig["users"]["files"]): Record<string, unknown> {
  return Object.fromEntries(
    files.map(({ path, content }, index) => [
      // A key of a Kubernetes Secret.
      `${index}-${
        path
          .split("/")
          .at(-1)
          ?.replaceAll(/[^-._a-zA-Z0-9]/g, "_") ?? ""
      }`,
      { mountPath: path, stringData: content },
    ]),
  );
}
