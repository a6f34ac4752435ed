import type { HubConfig, Profile } from "../config/hub-config.ts";

/** Whom users' servers are in AWS, through Pod Identity: the role that reaches `storage.buckets`. */
const bucketUser = "user";
/** The job that fills shared folders. */
const folderFiller = "fill-folders";

/** The service account of servers that no profile gives another one; the namespace's own, with no rights, if undefined. */
export function userAccount({ storage }: HubConfig): string | undefined {
  return storage.buckets.length > 0 ? bucketUser : undefined;
}

export function profileAccount({ slug, roleArn }: Profile): string | undefined {
  return roleArn === undefined ? undefined : `user-${slug}`;
}

/** All that the platform chart makes. The cluster stack joins the same names to their roles. */
export function serviceAccounts(config: HubConfig): string[] {
  const accounts = [
    userAccount(config),
    ...config.profiles.map(profileAccount),
    config.storage.sharedFolders.some(({ fillFrom }) => fillFrom !== undefined) ? folderFiller : undefined,
  ];
  return accounts.filter((account) => account !== undefined);
}
