import type { Auth, HubConfig, Image } from "./hub-config.ts";

/** What is allowed but hardly meant; one sentence each. */
export function configWarnings({ auth, aws, cluster, image, network, profiles, storage }: HubConfig): string[] {
  const warnings = admissionWarnings(auth);
  if (auth.method === "ldap" && auth.tls === "none") {
    warnings.push("auth.tls is none: passwords cross the network in the clear");
  }
  if (auth.method === "globus" && auth.identityProvider === undefined) {
    warnings.push("Users of the same name at two institutions are one user in the hub: set auth.identityProvider");
  }
  const images: Image[] = [...(image.freeze ? [] : [image]), ...profiles.flatMap((profile) => profile.image ?? [])];
  for (const repository of new Set(images.filter(isMutable).map((one) => one.repository))) {
    warnings.push(`The image ${repository}:latest can change from one server start to the next; a fixed tag can't`);
  }
  for (const { name, region = aws.region } of storage.buckets) {
    if (region === aws.region) continue;
    warnings.push(`The bucket ${name} is in ${region}: AWS charges for each gigabyte that is read from ${aws.region}`);
  }
  if (network.apiAccess.length === 0) {
    warnings.push(
      "network.apiAccess is empty: the Kubernetes API is reachable inside the VPC only, so run hubctl there",
    );
  }
  if (cluster.supportPolicy === "EXTENDED") {
    warnings.push(
      "cluster.supportPolicy is EXTENDED: after standard support the control plane costs six times as much",
    );
  }
  return warnings;
}

const isMutable = ({ tag, digest }: Image) => digest === undefined && tag === "latest";

function admissionWarnings(auth: Auth): string[] {
  const lists = allowLists(auth);
  const isSomebodyAllowed = Object.values(lists).some((count) => count > 0);
  if (!auth.allowAll) {
    if (isSomebodyAllowed || auth.allowAddedUsers) return [];
    const settings = ["allowAll", ...Object.keys(lists)].map((name) => `auth.${name}`);
    return [
      `Only admins can log in: JupyterHub lets nobody else in by default. Who may is said by ${settings.join(", ")}`,
    ];
  }
  const everybody = describeEverybody(auth);
  return [
    ...(isSomebodyAllowed ? ["Everybody can log in, so the lists of who may log in have no effect"] : []),
    ...(everybody === undefined ? [] : [`Everybody with ${everybody} can log in and start servers`]),
  ];
}

/** How many entries each list has that lets somebody in, by its setting. */
function allowLists(auth: Auth): Record<string, number> {
  const allowedUsers = auth.allowedUsers.length;
  switch (auth.method) {
    case "github":
      return { allowedUsers, allowedOrganizations: auth.allowedOrganizations.length };
    case "gitlab":
      return {
        allowedUsers,
        allowedGroups: auth.allowedGroups.length,
        allowedProjectIds: auth.allowedProjectIds.length,
      };
    case "globus":
      return { allowedUsers, allowedGlobusGroups: auth.allowedGlobusGroups.length };
    case "cilogon":
      return {
        allowedUsers,
        "identityProviders[].allowAll": auth.identityProviders.filter((one) => one.allowAll).length,
      };
    case "generic-oauth":
    case "ldap":
      return { allowedUsers, allowedGroups: auth.allowedGroups.length };
    case "google":
    case "auth0":
    case "azuread":
    case "shared-password":
      return { allowedUsers };
  }
}

/** Whose accounts anyone in the world can have; undefined where an institution gives them out. */
function describeEverybody(auth: Auth): string | undefined {
  switch (auth.method) {
    case "github":
      return "a GitHub account";
    case "gitlab":
      return auth.url === "https://gitlab.com" ? "a GitLab account" : undefined;
    case "google":
      return auth.hostedDomains.length === 0 ? "a Google account" : undefined;
    case "globus":
      return auth.identityProvider === undefined ? "a Globus account" : undefined;
    case "cilogon":
    case "auth0":
    case "azuread":
    case "generic-oauth":
    case "ldap":
    case "shared-password":
      return undefined;
  }
}
