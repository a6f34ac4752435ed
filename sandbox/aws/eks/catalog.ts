import { addonDefinitions, configurationSchema, findAddon } from "./addon-versions.ts";
import type { AddonDefinition } from "./addon-versions.ts";
import type { EksContext } from "./context.ts";
import { invalidParameter, notFound } from "./errors.ts";
import { pageOf, paginate, param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import { defaultMinor, minorVersions, supportStatus } from "./versions.ts";
import type { MinorVersion } from "./versions.ts";

/** What EKS offers, and the kinds of things that no cluster has here. */
export function catalogOperations(context: EksContext): Operation[] {
  return [
    {
      name: "DescribeClusterVersions",
      method: "GET",
      path: "/cluster-versions",
      run: (call) => describeClusterVersions(context, call),
    },
    {
      name: "DescribeAddonVersions",
      method: "GET",
      path: "/addons/supported-versions",
      run: describeAddonVersions,
    },
    {
      name: "DescribeAddonConfiguration",
      method: "GET",
      path: "/addons/configuration-schemas",
      run: describeAddonConfiguration,
    },
    empty(context, "ListFargateProfiles", "GET", "/clusters/{name}/fargate-profiles", { fargateProfileNames: [] }),
    empty(context, "ListIdentityProviderConfigs", "GET", "/clusters/{name}/identity-provider-configs", {
      identityProviderConfigs: [],
    }),
  ];
}

function empty(context: EksContext, name: string, method: "GET", path: string, answer: object): Operation {
  return {
    name,
    method,
    path,
    run: (call) => {
      context.store.get(param(call, "name"));
      return answer;
    },
  };
}

function describeClusterVersions(context: EksContext, call: Call): object {
  const { query } = call;
  const wanted = query.getAll("clusterVersions");
  const status = query.get("versionStatus") ?? query.get("status")?.toUpperCase().replaceAll("-", "_");
  const all = query.get("includeAll") === "true";
  const found = minorVersions
    .map((version) => ({ version, versionStatus: supportStatus(version, context.now()) }))
    .filter(
      ({ version, versionStatus }) =>
        (wanted.length === 0 || wanted.includes(version.minor)) &&
        (status === undefined ? all || versionStatus !== "UNSUPPORTED" : versionStatus === status) &&
        (query.get("defaultOnly") !== "true" || version.minor === defaultMinor),
    );
  const { items, ...rest } = paginate(found, pageOf(call));
  return {
    clusterVersions: items.map(({ version, versionStatus }) => ({
      clusterVersion: version.minor,
      clusterType: "eks",
      defaultPlatformVersion: version.platformVersion,
      defaultVersion: version.minor === defaultMinor,
      ...datesOf(version),
      status: versionStatus.toLowerCase().replaceAll("_", "-"),
      versionStatus,
      kubernetesPatchVersion: version.patch,
    })),
    ...rest,
  };
}

function datesOf(version: MinorVersion): object {
  return {
    releaseDate: Date.parse(version.releaseDate) / 1000,
    endOfStandardSupportDate: Date.parse(version.endOfStandardSupport) / 1000,
    endOfExtendedSupportDate: Date.parse(version.endOfExtendedSupport) / 1000,
  };
}

function describeAddonVersions(call: Call): object {
  const { query } = call;
  const name = query.get("addonName");
  const minor = query.get("kubernetesVersion");
  const fits = (key: string, value: string) => query.getAll(key).length === 0 || query.getAll(key).includes(value);
  const found = addonDefinitions
    .filter(
      (definition) =>
        (name === null || definition.name === name) &&
        fits("types", definition.type) &&
        fits("owners", definition.owner) &&
        fits("publishers", "eks"),
    )
    .map((definition) => addonInfo(definition, minor))
    .filter(({ addonVersions }) => addonVersions.length > 0);
  if (name !== null && findAddon(name) === undefined) {
    throw invalidParameter(`Addon ${name} specified is not supported`, { addonName: name });
  }
  const { items, ...rest } = paginate(found, pageOf(call));
  return { addons: items, ...rest };
}

function addonInfo(definition: AddonDefinition, minor: string | null) {
  return {
    addonName: definition.name,
    type: definition.type,
    publisher: "eks",
    owner: definition.owner,
    defaultNamespace: definition.namespace,
    addonVersions: definition.versions
      .filter(({ minors }) => minor === null || minors.includes(minor))
      .map(({ version, minors, defaultFor }) => ({
        addonVersion: version,
        architecture: ["amd64", "arm64"],
        computeTypes: definition.computeTypes,
        compatibilities: minors
          .filter((clusterVersion) => minor === null || clusterVersion === minor)
          .map((clusterVersion) => ({
            clusterVersion,
            platformVersions: ["*"],
            defaultVersion: defaultFor.includes(clusterVersion),
          })),
        requiresConfiguration: false,
        requiresIamPermissions: definition.serviceAccounts.length > 0,
      })),
  };
}

function describeAddonConfiguration({ query }: Call): object {
  const name = query.get("addonName") ?? "";
  const version = query.get("addonVersion") ?? "";
  const definition = findAddon(name);
  if (!definition?.versions.some((offered) => offered.version === version)) {
    throw notFound(`The configuration of ${name} ${version} could not be found`, { addonName: name });
  }
  return {
    addonName: name,
    addonVersion: version,
    configurationSchema: JSON.stringify(configurationSchema(definition)),
    podIdentityConfiguration: definition.serviceAccounts.map((account) => ({
      serviceAccount: account.name,
      recommendedManagedPolicies: account.policies,
    })),
  };
}
