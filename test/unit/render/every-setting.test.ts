import { describe, expect, it } from "vitest";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { knownSettings } from "../../../src/config/known-settings.ts";
import { hubFileSchema } from "../../../src/config/schema.ts";
import { renderFiles } from "../../../src/render/render-files.ts";

type Fragment = Record<string, unknown>;

interface Effect {
  /** Laid over the base; what one of the two says and the other does not is the setting. */
  from?: Fragment;
  to: Fragment;
  /** A text that only the changed rendering has: "file: text". */
  shows: string;
}

const account = "123456789012";
const base: Fragment = {
  aws: { region: "us-east-2" },
  domain: "hub.example.org",
  certificate: `arn:aws:acm:us-east-2:${account}:certificate/0d3a6bd4-0000-4000-8000-000000000000`,
  auth: { method: "github", admins: ["ada"] },
  image: { repository: "quay.io/jupyter/scipy-notebook", tag: "2026-11-03" },
};

const storageVariables = "terraform/storage/terraform.tfvars.json";
const clusterVariables = "terraform/cluster/terraform.tfvars.json";
const hub = "values/jupyterhub.yaml";
const platform = "values/hubctl-platform.yaml";

const network = (settings: Fragment): Fragment => ({ network: settings });
const coreNodes = (settings: Fragment): Fragment => ({ cluster: { coreNodes: settings } });
const shared = (settings: Fragment = {}): Fragment => ({
  storage: { sharedFolders: [{ name: "tutorial", mountPath: "/tutorial", ...settings }] },
});
const bucket = (settings: Fragment = {}): Fragment => ({ storage: { buckets: [{ name: "sea-data", ...settings }] } });
const users = (settings: Fragment): Fragment => ({ users: settings });
const pull = (settings: Fragment = {}): Fragment =>
  users({ pullRepositories: [{ url: "https://git.example.org/course", ...settings }] });
const file = (settings: Fragment = {}): Fragment =>
  users({ files: [{ path: "/etc/motd", content: "welcome", ...settings }] });
const login = (method: string, settings: Fragment = {}): Fragment => ({
  auth: { method, admins: ["ada"], ...loginBase[method], ...settings },
});
const profile = (settings: Fragment = {}): Fragment => ({
  profiles: [
    { name: "Small", slug: "small" },
    { name: "Large", slug: "large", ...settings },
  ],
});
const hubImage = (settings: Fragment = {}): Fragment => ({
  hub: { image: { repository: "quay.io/example/hub", ...settings } },
});

const provider = { entityId: "https://idp.example.edu/shibboleth", usernameClaim: "email" };
const digest = `sha256:${"a".repeat(64)}`;
const existing = {
  id: "vpc-0123456789abcdef0",
  nodeSubnets: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
  loadBalancerSubnets: ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
};

const loginBase: Record<string, Fragment> = {
  "generic-oauth": {
    authorizeUrl: "https://login.example.org/authorize",
    tokenUrl: "https://login.example.org/token",
    userdataUrl: "https://login.example.org/userinfo",
  },
  google: { admins: ["ada@example.org"] },
  cilogon: { identityProviders: [provider] },
  auth0: { auth0Domain: "example.eu.auth0.com" },
  azuread: { tenantId: "0d3a6bd4-0000-4000-8000-000000000000" },
  ldap: { server: "ldap.example.org", bindDnTemplates: ["uid={username},ou=people,dc=example,dc=org"] },
};

const effects: Record<string, Effect> = {
  "aws.region": {
    from: {},
    to: { aws: { region: "eu-west-1" }, certificate: String(base["certificate"]).replace("us-east-2", "eu-west-1") },
    shows: `${clusterVariables}: "region": "eu-west-1"`,
  },
  "aws.accountId": { to: { aws: { accountId: account } }, shows: `${clusterVariables}: "account_id": "${account}"` },
  "aws.permissionsBoundary": {
    to: { aws: { permissionsBoundary: `arn:aws:iam::${account}:policy/boundary` } },
    shows: `${clusterVariables}: "permissions_boundary": "arn:aws:iam::${account}:policy/boundary"`,
  },
  "aws.rolePath": { to: { aws: { rolePath: "/hubs/" } }, shows: `${clusterVariables}: "role_path": "/hubs/"` },
  "aws.namePrefix": { to: { aws: { namePrefix: "obs-" } }, shows: `${clusterVariables}: "name_prefix": "obs-"` },
  domain: { to: { domain: "other.example.org" }, shows: `${hub}: https://other.example.org/hub/oauth_callback` },
  certificate: {
    to: { certificate: String(base["certificate"]).replace("0d3a6bd4", "1d3a6bd4") },
    shows: `${hub}: certificate/1d3a6bd4-`,
  },
  tags: { to: { tags: { Project: "sea" } }, shows: `${storageVariables}: "Project": "sea"` },
  "network.vpc.cidr": { to: network({ vpc: { cidr: "10.7.0.0/16" } }), shows: `${clusterVariables}: 10.7.0.0/16` },
  "network.vpc.zones": { to: network({ vpc: { zones: 4 } }), shows: `${clusterVariables}: <lock.zones[3].name>` },
  "network.vpc.nat": { to: network({ vpc: { nat: "per-zone" } }), shows: `${clusterVariables}: "nat": "per-zone"` },
  "network.existingVpc.id": { to: network({ existingVpc: existing }), shows: `${clusterVariables}: ${existing.id}` },
  "network.existingVpc.nodeSubnets": {
    to: network({ existingVpc: existing }),
    shows: `${clusterVariables}: ${existing.nodeSubnets[1] ?? ""}`,
  },
  "network.existingVpc.loadBalancerSubnets": {
    to: network({ existingVpc: existing }),
    shows: `${hub}: ${existing.loadBalancerSubnets.join(",")}`,
  },
  "network.allowFrom": { to: network({ allowFrom: ["192.0.2.0/24"] }), shows: `${hub}: - 192.0.2.0/24` },
  "network.internal": { to: network({ internal: true }), shows: `${hub}: load-balancer-internal` },
  "network.apiAccess": { to: network({ apiAccess: ["192.0.2.0/24"] }), shows: `${clusterVariables}: 192.0.2.0/24` },
  "certificate.secret": { to: { certificate: { secret: "hub-tls" } }, shows: `${hub}: name: hub-tls` },
  "cluster.kubernetesVersion": {
    to: { cluster: { kubernetesVersion: "1.35" } },
    shows: `${clusterVariables}: "kubernetes_version": "1.35"`,
  },
  "cluster.supportPolicy": {
    to: { cluster: { supportPolicy: "EXTENDED" } },
    shows: `${clusterVariables}: "support_policy": "EXTENDED"`,
  },
  "cluster.coreNodes.instanceType": {
    to: coreNodes({ instanceType: "m5.xlarge" }),
    shows: `${clusterVariables}: "instance_type": "m5.xlarge"`,
  },
  "cluster.coreNodes.min": { to: coreNodes({ min: 1 }), shows: `${clusterVariables}: "min": 1` },
  "cluster.coreNodes.max": { to: coreNodes({ max: 4 }), shows: `${clusterVariables}: "max": 4` },
  "cluster.coreNodes.desired": { to: coreNodes({ desired: 3 }), shows: `${clusterVariables}: "desired": 3` },
  "cluster.coreNodes.volumeSizeGiB": {
    to: coreNodes({ volumeSizeGiB: 77 }),
    shows: `${clusterVariables}: "volume_size_gib": 77`,
  },
  "storage.sharedFolders[].name": {
    from: shared(),
    to: shared({ name: "course" }),
    shows: `${storageVariables}: "course"`,
  },
  "storage.sharedFolders[].mountPath": {
    from: shared(),
    to: shared({ mountPath: "/course" }),
    shows: `${hub}: mountPath: /course`,
  },
  "storage.sharedFolders[].writers": {
    from: shared(),
    to: shared({ writers: "admins" }),
    shows: `${hub}: mount.name in ["folder-tutorial"]`,
  },
  "storage.sharedFolders[].fillFrom": {
    from: shared(),
    to: shared({ fillFrom: "s3://sea-course/data" }),
    shows: `${platform}: s3://sea-course/data`,
  },
  "storage.buckets[].name": {
    from: bucket(),
    to: bucket({ name: "ice-data" }),
    shows: `${clusterVariables}: ice-data`,
  },
  "storage.buckets[].access": {
    from: bucket({ access: "read" }),
    to: bucket({ access: "read-write" }),
    shows: `${clusterVariables}: "read-write"`,
  },
  "storage.backups.enabled": {
    to: { storage: { backups: { enabled: false } } },
    shows: `${storageVariables}: "enabled": false`,
  },
  "storage.backups.keepDays": {
    to: { storage: { backups: { keepDays: 90 } } },
    shows: `${storageVariables}: "keep_days": 90`,
  },
  "storage.encryptionKey": { to: { storage: { encryptionKey: "own" } }, shows: `${storageVariables}: "own"` },
  "users.maxVcpus": { to: users({ maxVcpus: 48 }), shows: `${platform}: 48` },
  "users.cpu.guarantee": { to: users({ cpu: { guarantee: 0.75 } }), shows: `${hub}: guarantee: 0.75` },
  "users.cpu.limit": { to: users({ cpu: { limit: 3 } }), shows: `${hub}: limit: 3` },
  "users.memoryGiB.guarantee": { to: users({ memoryGiB: { guarantee: 3 } }), shows: `${hub}: guarantee: 3G` },
  "users.memoryGiB.limit": { to: users({ memoryGiB: { limit: 7 } }), shows: `${hub}: limit: 7G` },
  "users.environment": { to: users({ environment: { COURSE: "sea" } }), shows: `${hub}: COURSE: sea` },
  "users.pullRepositories[].url": {
    from: pull(),
    to: pull({ url: "https://git.example.org/other" }),
    shows: `${hub}: https://git.example.org/other`,
  },
  "users.pullRepositories[].branch": { from: pull(), to: pull({ branch: "spring" }), shows: `${hub}: spring` },
  "users.pullRepositories[].folder": { from: pull(), to: pull({ folder: "material" }), shows: `${hub}: material` },
  "users.postStart": { to: users({ postStart: "touch ~/.started" }), shows: `${hub}: touch ~/.started` },
  "users.files[].path": { from: file(), to: file({ path: "/etc/issue" }), shows: `${hub}: mountPath: /etc/issue` },
  "users.files[].content": { from: file(), to: file({ content: "hello" }), shows: `${hub}: hello` },
  "auth.method": {
    to: login("shared-password"),
    shows: `${hub}: authenticator_class: shared-password`,
  },
  "auth.admins": { to: login("github", { admins: ["ada", "bob"] }), shows: `${hub}: - bob` },
  "auth.allowedUsers": { to: login("github", { allowedUsers: ["carl"] }), shows: `${hub}: - carl` },
  "auth.allowAll": { to: login("github", { allowAll: true }), shows: `${hub}: allow_all: true` },
  "auth.allowAddedUsers": {
    to: login("github", { allowAddedUsers: true }),
    shows: `${hub}: allow_existing_users: true`,
  },
  "auth.allowedOrganizations": {
    to: login("github", { allowedOrganizations: ["sea:crew"] }),
    shows: `${hub}: - sea:crew`,
  },
  "auth.authorizeUrl": oauth(
    { authorizeUrl: "https://login.example.org/start" },
    "authorize_url: https://login.example.org/start",
  ),
  "auth.tokenUrl": oauth({ tokenUrl: "https://token.example.org/" }, "token_url: https://token.example.org/"),
  "auth.userdataUrl": oauth({ userdataUrl: "https://who.example.org/" }, "userdata_url: https://who.example.org/"),
  "auth.usernameClaim": oauth({ usernameClaim: "nick" }, "username_claim: nick"),
  "auth.scope": oauth({ scope: ["openid", "groups"] }, "- groups"),
  "auth.loginService": oauth({ loginService: "Sea Lab" }, "login_service: Sea Lab"),
  "auth.groupsClaim": oauth({ groupsClaim: "roles" }, "auth_state_groups_key"),
  "auth.allowedGroups": oauth({ groupsClaim: "roles", allowedGroups: ["crew"] }, "- crew"),
  "auth.adminGroups": oauth({ groupsClaim: "roles", adminGroups: ["captains"] }, "- captains"),
  "auth.hostedDomains": of("google", { hostedDomains: ["example.org", "example.com"] }, "- example.com"),
  "auth.identityProviders[].entityId": of(
    "cilogon",
    { identityProviders: [{ ...provider, entityId: "https://other.example.edu/idp" }] },
    "https://other.example.edu/idp",
  ),
  "auth.identityProviders[].usernameClaim": of(
    "cilogon",
    { identityProviders: [{ ...provider, usernameClaim: "eppn" }] },
    "username_claim: eppn",
  ),
  "auth.identityProviders[].stripDomain": of(
    "cilogon",
    { identityProviders: [{ ...provider, stripDomain: "example.edu" }] },
    "domain: example.edu",
  ),
  "auth.identityProviders[].allowAll": of(
    "cilogon",
    { identityProviders: [{ ...provider, allowAll: true }] },
    "allow_all: true",
  ),
  "auth.identityProvider": of("globus", { identityProvider: "example.edu" }, "identity_provider: example.edu"),
  "auth.allowedGlobusGroups": of(
    "globus",
    { allowedGlobusGroups: ["0d3a6bd4-0000-4000-8000-000000000000"] },
    "- 0d3a6bd4-0000-4000-8000-000000000000",
  ),
  "auth.auth0Domain": of("auth0", { auth0Domain: "sea.eu.auth0.com" }, "sea.eu.auth0.com"),
  "auth.tenantId": of(
    "azuread",
    { tenantId: "1d3a6bd4-0000-4000-8000-000000000000" },
    "tenant_id: 1d3a6bd4-0000-4000-8000-000000000000",
  ),
  "auth.url": of("gitlab", { url: "https://gitlab.example.org" }, "gitlab_url: https://gitlab.example.org"),
  "auth.allowedProjectIds": of("gitlab", { allowedProjectIds: [4711] }, "- 4711"),
  "auth.server": of("ldap", { server: "dir.example.org" }, "server_address: dir.example.org"),
  "auth.port": of("ldap", { port: 1636 }, "server_port: 1636"),
  "auth.tls": of("ldap", { tls: "start-tls" }, "tls_strategy: before_bind"),
  "auth.bindDnTemplates": of("ldap", { bindDnTemplates: ["cn={username},o=sea"] }, "cn={username},o=sea"),
  "image.repository": {
    to: { image: { repository: "quay.io/example/sea", tag: "2026-11-03" } },
    shows: `${hub}: name: quay.io/example/sea`,
  },
  "image.tag": { to: { image: { tag: "2026-12-01" } }, shows: `${hub}: tag: 2026-12-01` },
  "image.digest": { to: { image: { digest } }, shows: `${hub}: ${"a".repeat(64)}` },
  "image.freeze": { to: { image: { freeze: true } }, shows: `${hub}: <lock.images.quay.io/jupyter/scipy-notebook` },
  "image.pullPolicy": { to: { image: { pullPolicy: "Always" } }, shows: `${hub}: pullPolicy: Always` },
  "profiles[].name": { from: profile(), to: profile({ name: "Huge" }), shows: `${hub}: display_name: Huge` },
  "profiles[].slug": { from: profile(), to: profile({ slug: "huge" }), shows: `${hub}: slug: huge` },
  "profiles[].description": {
    from: profile(),
    to: profile({ description: "For maps" }),
    shows: `${hub}: description: For maps`,
  },
  "profiles[].default": {
    from: profile(),
    to: profile({ default: true }),
    shows: `${hub}: display_name: Large\n      description: ""\n      default: true`,
  },
  "profiles[].image.repository": {
    from: profile(),
    to: profile({ image: { repository: "quay.io/example/maps", tag: "1.2" } }),
    shows: `${hub}: image: quay.io/example/maps:1.2`,
  },
  "profiles[].image.tag": {
    from: profile({ image: { repository: "quay.io/example/maps", tag: "1.2" } }),
    to: profile({ image: { repository: "quay.io/example/maps", tag: "1.3" } }),
    shows: `${hub}: image: quay.io/example/maps:1.3`,
  },
  "profiles[].image.digest": {
    from: profile(),
    to: profile({ image: { repository: "quay.io/example/maps", digest } }),
    shows: `${hub}: quay.io/example/maps@${digest}`,
  },
  "profiles[].cpu.guarantee": {
    from: profile({ cpu: { guarantee: 2, limit: 4 } }),
    to: profile({ cpu: { guarantee: 3, limit: 4 } }),
    shows: `${hub}: cpu_guarantee: 3`,
  },
  "profiles[].cpu.limit": {
    from: profile({ cpu: { guarantee: 2, limit: 4 } }),
    to: profile({ cpu: { guarantee: 2, limit: 6 } }),
    shows: `${hub}: cpu_limit: 6`,
  },
  "profiles[].memoryGiB.guarantee": {
    from: profile({ memoryGiB: { guarantee: 8, limit: 16 } }),
    to: profile({ memoryGiB: { guarantee: 12, limit: 16 } }),
    shows: `${hub}: mem_guarantee: 12G`,
  },
  "profiles[].memoryGiB.limit": {
    from: profile({ memoryGiB: { guarantee: 8, limit: 16 } }),
    to: profile({ memoryGiB: { guarantee: 8, limit: 24 } }),
    shows: `${hub}: mem_limit: 24G`,
  },
  "profiles[].fitsPerNode.count": {
    from: profile({ fitsPerNode: { count: 2, instanceType: "m5.2xlarge" } }),
    to: profile({ fitsPerNode: { count: 4, instanceType: "m5.2xlarge" } }),
    shows: `${hub}: mem_guarantee: 7265M`,
  },
  "profiles[].fitsPerNode.instanceType": {
    from: profile({ fitsPerNode: { count: 2, instanceType: "m5.2xlarge" } }),
    to: profile({ fitsPerNode: { count: 2, instanceType: "r5.2xlarge" } }),
    shows: `${platform}: r5.2xlarge`,
  },
  "profiles[].gpus": { from: profile(), to: profile({ gpus: 1 }), shows: `${hub}: nvidia.com/gpu` },
  "profiles[].spot": { from: profile(), to: profile({ spot: true }), shows: `${platform}: spot: true` },
  "profiles[].instanceTypes": {
    from: profile(),
    to: profile({ instanceTypes: ["r6i.4xlarge"] }),
    shows: `${platform}: r6i.4xlarge`,
  },
  "profiles[].environment": { from: profile(), to: profile({ environment: { MAPS: "yes" } }), shows: `${hub}: MAPS` },
  "profiles[].roleArn": {
    from: profile(),
    to: profile({ roleArn: `arn:aws:iam::${account}:role/maps` }),
    shows: `${clusterVariables}: role/maps`,
  },
  "culling.enabled": { to: { culling: { enabled: false } }, shows: `${hub}: cull:\n  enabled: false` },
  "culling.idleMinutes": { to: { culling: { idleMinutes: 90 } }, shows: `${hub}: timeout: 5400` },
  "culling.maxAgeHours": { to: { culling: { maxAgeHours: 10 } }, shows: `${hub}: maxAge: 36000` },
  banner: { to: { banner: "Closed on Monday" }, shows: `${hub}: Closed on Monday` },
  "hub.chartVersion": { to: { hub: { chartVersion: "4.4.1" } }, shows: `${hub}: 4.4.1` },
  "hub.image.repository": { to: hubImage({ tag: "5.5.1" }), shows: `${hub}: name: quay.io/example/hub` },
  "hub.image.tag": { from: hubImage({ tag: "5.5.1" }), to: hubImage({ tag: "5.5.2" }), shows: `${hub}: tag: 5.5.2` },
  "hub.image.digest": {
    from: hubImage({ tag: "5.5.1" }),
    to: hubImage({ digest }),
    shows: `${hub}: ${"a".repeat(64)}`,
  },
};

/** What can't be seen in a rendering, and why. */
const elsewhere: Record<string, string> = {
  "aws.profile": "decides who is logged in",
  "aws.assumeRole": "decides who is logged in",
  "storage.home.type": "has one value so far",
  "storage.buckets[].region": "a warning tells what another region costs",
  hostedZone: "says where install and route-dns make the domain's record",
  "hostedZone.id": "the same",
  "hostedZone.name": "the same",
  "hostedZone.assumeRole": "decides who makes the domain's record",
  "certificate.keyFile": "is read, and kept apart as a secret",
  "certificate.chainFile": "is read when the hub is installed",
  "users.files[].source": "is read into content before anything else sees it",
};

function oauth(settings: Fragment, text: string): Effect {
  return of("generic-oauth", settings, text);
}

function of(method: string, settings: Fragment, text: string): Effect {
  return { from: login(method), to: login(method, settings), shows: `${hub}: ${text}` };
}

describe("every setting", () => {
  const paths = [...new Set(knownSettings().map(({ path }) => path))];
  const isTextOrGroup = new Set(knownSettings().flatMap(({ path, schema }) => (schema.anyOf ? [path] : [])));
  const leaves = paths.filter(
    (path) =>
      isTextOrGroup.has(path) || !paths.some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[]`)),
  );

  it("has an effect that is known here", () => {
    expect([...Object.keys(effects), ...Object.keys(elsewhere)].sort()).toEqual([...leaves].sort());
  });

  it.each(Object.entries(effects))("%s shows in the rendering", (_, { from = {}, to, shows }) => {
    const [file = "", text = ""] = shows.split(/: (.*)/s);
    expect(rendered(from, file)).not.toContain(text);
    expect(rendered(to, file)).toContain(text);
  });
});

function rendered(fragment: Fragment, file: string): string | undefined {
  const content = hubFileSchema.parse(merged(base, fragment));
  const files = content.users.files.map(({ path, content = "" }) => ({ path, content }));
  const config: HubConfig = {
    ...content,
    name: "sea",
    users: { ...content.users, files },
    hub: { ...content.hub, values: {}, extraConfig: {} },
  };
  return renderFiles(config, undefined).get(file);
}

/** Groups are merged, but a login is replaced as a whole: what belongs to one has no meaning in another. */
function merged(under: Fragment, over: Fragment): Fragment {
  const isGroup = (value: unknown): value is Fragment =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const result = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = key !== "auth" && isGroup(below) && isGroup(value) ? merged(below, value) : value;
  }
  return result;
}
