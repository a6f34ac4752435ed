import {
  DeleteInstanceProfileCommand,
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  ListPolicyVersionsCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  RemoveRoleFromInstanceProfileCommand,
  type IAMClient,
} from "@aws-sdk/client-iam";
import type { Resource } from "./resource.ts";

type Delete = (iam: IAMClient, resource: Resource) => Promise<unknown>;

/** IAM deletes nothing that still holds something, so that each is emptied first. */
export const iamDeletions = {
  "iam-roles": deleteRole,
  "iam-policies": deletePolicy,
  "instance-profiles": deleteProfile,
  "oidc-providers": (iam, { id }) => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id })),
} satisfies Record<string, Delete>;

async function deleteRole(client: IAMClient, { id: RoleName }: Resource): Promise<void> {
  for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, { RoleName })) {
    for (const { PolicyArn } of AttachedPolicies)
      await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, { RoleName })) {
    for (const PolicyName of PolicyNames) await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
  await client.send(new DeleteRoleCommand({ RoleName }));
}

async function deletePolicy(client: IAMClient, { id: PolicyArn }: Resource): Promise<void> {
  // There are five versions at most.
  const { Versions = [] } = await client.send(new ListPolicyVersionsCommand({ PolicyArn }));
  for (const { VersionId, IsDefaultVersion } of Versions)
    if (!IsDefaultVersion) await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
  await client.send(new DeletePolicyCommand({ PolicyArn }));
}

async function deleteProfile(client: IAMClient, { id: InstanceProfileName }: Resource): Promise<void> {
  const { InstanceProfile } = await client.send(new GetInstanceProfileCommand({ InstanceProfileName }));
  for (const { RoleName } of InstanceProfile?.Roles ?? [])
    await client.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
  await client.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
}
