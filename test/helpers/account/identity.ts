import {
  GetInstanceProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListSAMLProvidersCommand,
  ListServerCertificatesCommand,
  paginateListAccessKeys,
  paginateListAttachedRolePolicies,
  paginateListAttachedUserPolicies,
  paginateListGroups,
  paginateListInstanceProfiles,
  paginateListPolicies,
  paginateListPolicyTags,
  paginateListPolicyVersions,
  paginateListRolePolicies,
  paginateListRoles,
  paginateListUserPolicies,
  paginateListUsers,
} from "@aws-sdk/client-iam";
import { collect, mapEach, type Listed, type Listing } from "./listing.ts";

/** Who may do what; all of it is the account's, not the region's. */
export const identityListings: Record<string, Listing> = {
  "IAM user": async (settings) => {
    const client = new IAMClient(settings);
    const users = await collect(paginateListUsers({ client }, {}), ({ Users }) => Users);
    return await mapEach(users, async ({ UserName = "", Arn, Path }): Promise<Listed> => {
      const user = [{ client }, { UserName }] as const;
      const inline = await collect(paginateListUserPolicies(...user), ({ PolicyNames }) => PolicyNames);
      const attached = await collect(paginateListAttachedUserPolicies(...user), (page) => page.AttachedPolicies);
      const keys = await collect(paginateListAccessKeys(...user), ({ AccessKeyMetadata }) => AccessKeyMetadata);
      return [UserName, { Arn, Path, inline, attached, keys }];
    });
  },
  "IAM group": async (settings) => {
    const client = new IAMClient(settings);
    const groups = await collect(paginateListGroups({ client }, {}), ({ Groups }) => Groups);
    return groups.map((group): Listed => [group.GroupName ?? "", group]);
  },
  "IAM role": async (settings) => {
    const client = new IAMClient(settings);
    const roles = await collect(paginateListRoles({ client }, {}), ({ Roles }) => Roles);
    return await mapEach(roles, async ({ RoleName = "" }): Promise<Listed> => {
      const role = [{ client }, { RoleName }] as const;
      const { Role } = await client.send(new GetRoleCommand({ RoleName }));
      const names = await collect(paginateListRolePolicies(...role), ({ PolicyNames }) => PolicyNames);
      const inline = await mapEach(names, async (PolicyName) => {
        return (await client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument;
      });
      const attached = await collect(paginateListAttachedRolePolicies(...role), (page) => page.AttachedPolicies);
      // When it was last used says nothing about what it is.
      return [RoleName, { ...Role, RoleLastUsed: undefined, inline, attached }];
    });
  },
  "IAM policy": async (settings) => {
    const client = new IAMClient(settings);
    const policies = await collect(paginateListPolicies({ client }, { Scope: "Local" }), ({ Policies }) => Policies);
    return await mapEach(policies, async ({ Arn: PolicyArn = "", ...policy }): Promise<Listed> => {
      const pages = paginateListPolicyVersions({ client }, { PolicyArn });
      const versions = await mapEach(await collect(pages, ({ Versions }) => Versions), async ({ VersionId }) => {
        return (await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }))).PolicyVersion;
      });
      const tags = await collect(paginateListPolicyTags({ client }, { PolicyArn }), ({ Tags }) => Tags);
      return [PolicyArn, { ...policy, versions, tags }];
    });
  },
  "instance profile": async (settings) => {
    const client = new IAMClient(settings);
    const pages = paginateListInstanceProfiles({ client }, {});
    const profiles = await collect(pages, ({ InstanceProfiles }) => InstanceProfiles);
    return await mapEach(profiles, async ({ InstanceProfileName = "", Arn, Roles }): Promise<Listed> => {
      const { InstanceProfile } = await client.send(new GetInstanceProfileCommand({ InstanceProfileName }));
      const { Tags } = InstanceProfile ?? {};
      return [InstanceProfileName, { Arn, roles: Roles?.map(({ RoleName }) => RoleName), Tags }];
    });
  },
  "OIDC provider": async (settings) => {
    const client = new IAMClient(settings);
    const { OpenIDConnectProviderList } = await client.send(new ListOpenIDConnectProvidersCommand({}));
    return await mapEach(OpenIDConnectProviderList, async ({ Arn = "" }): Promise<Listed> => {
      const shown = await client.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn }));
      return [Arn, { ...shown, $metadata: undefined }];
    });
  },
  "SAML provider": async (settings) => {
    const { SAMLProviderList } = await new IAMClient(settings).send(new ListSAMLProvidersCommand({}));
    return (SAMLProviderList ?? []).map((provider): Listed => [provider.Arn ?? "", provider]);
  },
  "server certificate": async (settings) => {
    const answer = await new IAMClient(settings).send(new ListServerCertificatesCommand({}));
    return (answer.ServerCertificateMetadataList ?? []).map((one): Listed => [one.Arn ?? "", one]);
  },
};
