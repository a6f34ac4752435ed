import {
  GetInstanceProfileCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListPolicyTagsCommand,
  ListRoleTagsCommand,
  paginateListInstanceProfiles,
  paginateListPolicies,
  paginateListRoles,
  type Tag,
} from "@aws-sdk/client-iam";
import { hasOwnTags, readTags, type Found } from "./resource.ts";
import { mapFew, unlessGone, type Scope } from "./scope.ts";

/**
 * IAM lists no tags, and AWS's index of tags knows no roles. Names that hubctl gives hold eight digits of the
 * deployment's id; only what could be such a name is asked for its tags.
 */
export const ownName = /-[0-9a-f]{8}(-|$)/;

export async function findRoles({ aws: { iam: client } }: Scope): Promise<Found[]> {
  const roles: Found[] = [];
  for await (const { Roles = [] } of paginateListRoles({ client }, {})) {
    for (const { RoleName: id = "", Arn, CreateDate } of Roles)
      if (ownName.test(id)) roles.push(iamThing("iam-roles", id, Arn, CreateDate));
  }
  return withOwnTags(roles, ({ id }) => client.send(new ListRoleTagsCommand({ RoleName: id })));
}

export async function findInstanceProfiles({ aws: { iam: client } }: Scope): Promise<Found[]> {
  const profiles: Found[] = [];
  for await (const { InstanceProfiles = [] } of paginateListInstanceProfiles({ client }, {})) {
    for (const { InstanceProfileName: id = "", Arn, CreateDate } of InstanceProfiles)
      if (ownName.test(id)) profiles.push(iamThing("instance-profiles", id, Arn, CreateDate));
  }
  return withOwnTags(
    profiles,
    async ({ id }) =>
      (await client.send(new GetInstanceProfileCommand({ InstanceProfileName: id }))).InstanceProfile ?? {},
  );
}

export async function findPolicies({ aws: { iam: client } }: Scope): Promise<Found[]> {
  const policies: Found[] = [];
  for await (const { Policies = [] } of paginateListPolicies({ client }, { Scope: "Local" })) {
    for (const { PolicyName: name = "", Arn = "", CreateDate } of Policies)
      if (ownName.test(name)) policies.push({ ...iamThing("iam-policies", Arn, Arn, CreateDate), name });
  }
  return withOwnTags(policies, ({ id }) => client.send(new ListPolicyTagsCommand({ PolicyArn: id })));
}

/** An account has at most a few of them, so each is asked. */
export async function findOidcProviders({ aws: { iam: client } }: Scope): Promise<Found[]> {
  const { OpenIDConnectProviderList = [] } = await client.send(new ListOpenIDConnectProvidersCommand({}));
  const providers = OpenIDConnectProviderList.map(({ Arn = "" }) => iamThing("oidc-providers", Arn, Arn, undefined));
  return withOwnTags(providers, ({ id }) =>
    client.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: id })),
  );
}

function iamThing(category: Found["category"], id: string, arn: string | undefined, created: Date | undefined): Found {
  return { category, id, arn, created, tags: {}, monthlyCost: 0 };
}

async function withOwnTags(
  found: readonly Found[],
  ask: (one: Found) => Promise<{ Tags?: Tag[] | undefined }>,
): Promise<Found[]> {
  const tagged = await mapFew(found, async (one) => ({ ...one, tags: readTags((await unlessGone(ask(one)))?.Tags) }));
  return tagged.filter(({ tags }) => hasOwnTags(tags));
}
