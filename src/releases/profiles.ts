import type { Profile } from "../config/hub-config.ts";
import { literalEnvironment } from "./environment.ts";
import { imageReference, pullPolicy } from "./images.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { hasOwnNodes } from "./node-pools.ts";
import { dedicatedTaint, gpuResource, profileLabel, userPurpose } from "./node-purpose.ts";
import { profileResources } from "./profile-resources.ts";
import { profileAccount } from "./service-accounts.ts";

/** https://jupyterhub-kubespawner.readthedocs.io/en/7.0.0/spawner.html#kubespawner.KubeSpawner.profile_list */
export function profileList(inputs: ReleaseInputs): Record<string, unknown>[] {
  return inputs.config.profiles.map((profile) => ({
    slug: profile.slug,
    display_name: profile.name,
    description: profile.description,
    ...(profile.default ? { default: true } : {}),
    kubespawner_override: override(profile, inputs),
  }));
}

function override(profile: Profile, inputs: ReleaseInputs): Record<string, unknown> {
  const { image } = profile;
  const { cpu, memory } = profileResources(profile, inputs.config.users);
  const account = profileAccount(profile);
  return {
    ...(image === undefined
      ? {}
      : { image: imageReference(image, inputs), image_pull_policy: pullPolicy(image, inputs) }),
    cpu_guarantee: cpu.guarantee,
    cpu_limit: cpu.limit,
    mem_guarantee: memory.guarantee,
    mem_limit: memory.limit,
    ...(profile.gpus > 0 ? { extra_resource_limits: { [gpuResource]: String(profile.gpus) } } : {}),
    // What is a map here is added to what all servers have.
    ...(Object.keys(profile.environment).length > 0 ? { environment: literalEnvironment(profile.environment) } : {}),
    ...(hasOwnNodes(profile)
      ? { node_selector: { [profileLabel]: profile.slug }, tolerations: tolerations(profile) }
      : {}),
    ...(account === undefined ? {} : { service_account: account }),
  };
}

/** A list replaces what all servers have, so the taint of users' nodes is in it too. */
function tolerations({ slug, gpus }: Profile): Record<string, string>[] {
  const effect = "NoSchedule";
  return [
    { key: dedicatedTaint, operator: "Equal", value: userPurpose, effect },
    { key: profileLabel, operator: "Equal", value: slug, effect },
    ...(gpus > 0 ? [{ key: gpuResource, operator: "Exists", effect }] : []),
  ];
}
