import { describe, expect, it } from "vitest";
import { hubFolder, smallest } from "./hub-folder.ts";

const { problemsOf, read } = hubFolder();

/** What is added to the smallest hub, or stands in place of its login; the problem that it makes. */
const wrong: [group: string, settings: string, problem: string][] = [
  // Where settings of the first version are now
  ["moved", "certificateArn: x", "10:1: certificateArn is called certificate"],
  ["moved", "network: {vpcCidr: x}", "10:11: network.vpcCidr has moved to network.vpc.cidr"],
  [
    "moved",
    "hub: {values: {}}",
    "10:7: hub.values is not written here: put the values into files, values/*.yaml beside the hub.yaml",
  ],
  // Keys in lists and in what depends on the login
  [
    "keys",
    "profiles: [{name: A}, {name: B, instanceType: x}]",
    "10:33: profiles[1].instanceType is unknown: did you mean instanceTypes?",
  ],
  [
    "keys",
    "storage: {buckets: [{name: abc, acess: read}]}",
    "10:33: storage.buckets[0].acess is unknown: did you mean access?",
  ],
  // Network
  [
    "network",
    "network: {vpc: {zones: 3}, existingVpc: {id: vpc-01234567, nodeSubnets: [subnet-01234567, subnet-01234568], loadBalancerSubnets: [subnet-01234569]}}",
    "10:16: network.vpc has no meaning beside existingVpc: remove one of the two",
  ],
  [
    "network",
    "network: {existingVpc: {id: vpc-01234567, nodeSubnets: [subnet-01234567], loadBalancerSubnets: [subnet-01234569]}}",
    "10:56: network.existingVpc.nodeSubnets must list at least 2",
  ],
  ["network", "network: {vpc: {zones: 1}}", "10:24: network.vpc.zones must be at least 2, not 1"],
  ["network", "network: {vpc: {nat: two}}", '10:22: network.vpc.nat must be one or per-zone, not "two"'],
  // Storage
  [
    "storage",
    "storage: {sharedFolders: [{name: Data}]}",
    '10:34: storage.sharedFolders[0].name "Data" must be lower-case letters, digits and hyphens between them, at most 40',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a}, {name: a, mountPath: /b}]}",
    '10:45: storage.sharedFolders[1].name "a" is listed twice',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a}, {name: b, mountPath: /a/b}]}",
    '10:59: storage.sharedFolders[1].mountPath "/a/b" would lie in the folder a, at /a',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a, mountPath: /home}]}",
    '10:48: storage.sharedFolders[0].mountPath "/home" would hide the users\' homes, /home/jovyan',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a, mountPath: /usr/a}]}",
    '10:48: storage.sharedFolders[0].mountPath "/usr/a" would hide a part of the image; take a folder like /shared or one below /home/jovyan',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a, mountPath: data}]}",
    '10:48: storage.sharedFolders[0].mountPath "data" must be absolute: it begins with a slash',
  ],
  [
    "storage",
    "storage: {sharedFolders: [{name: a, fillFrom: 'http://x.org'}]}",
    '10:47: storage.sharedFolders[0].fillFrom "http://x.org" is neither s3://bucket/folder nor an address that begins with https://',
  ],
  [
    "storage",
    "storage: {buckets: [{name: 's3://data'}]}",
    '10:28: storage.buckets[0].name "s3://data" is not the name of a bucket (without s3://; 3 to 63 lower-case letters, digits, dots and hyphens)',
  ],
  ["storage", "storage: {home: {type: nfs}}", '10:24: storage.home.type must be efs, not "nfs"'],
  [
    "storage",
    "storage: {encryptionKey: mine}",
    '10:26: storage.encryptionKey "mine" is neither aws nor own nor the ARN of a KMS key like arn:aws:kms:us-east-2:123456789012:key/1234abcd-…',
  ],
  [
    "storage",
    "storage: {encryptionKey: 'arn:aws:kms:eu-west-1:123456789012:key/1'}",
    "10:26: storage.encryptionKey is in eu-west-1; what is in us-east-2 can't use it",
  ],
  // Users
  [
    "users",
    "users: {environment: {JUPYTERHUB_USER: x}}",
    '10:40: users.environment.JUPYTERHUB_USER "JUPYTERHUB_USER" can\'t be set: JUPYTERHUB_… is set by the hub and by AWS',
  ],
  ["users", "users: {environment: {OMP: 4}}", '10:28: users.environment.OMP must be text: put it in quotes, "4"'],
  [
    "users",
    "users: {pullRepositories: [{url: 'git@github.com:a/b'}]}",
    "10:34: users.pullRepositories[0].url \"git@github.com:a/b\" needs a key, which users' servers don't have; write its https:// address",
  ],
  [
    "users",
    "users: {pullRepositories: [{url: 'https://ada:word@x.org/a'}]}",
    "10:34: users.pullRepositories[0].url must not hold a user name or password: it is kept where many can read it",
  ],
  ["users", "users: {files: [{path: /etc/x}]}", "10:17: users.files[0] needs content or source"],
  [
    "users",
    "users: {files: [{path: /etc/x, content: a, source: b}]}",
    "10:52: users.files[0].source has no meaning beside content: remove one",
  ],
  [
    "users",
    "users: {files: [{path: /etc/x, source: ../b}]}",
    '10:40: users.files[0].source "../b" must be a path without ".." and "//"',
  ],
  // Profiles
  ["profiles", "profiles: [{name: A b}, {name: a-B}]", '10:32: profiles[1].name makes a second profile "a-b"'],
  [
    "profiles",
    "profiles: [{name: 雪}]",
    "10:19: profiles[0].name has no Latin letter or digit that a slug could be made of: give it a slug",
  ],
  [
    "profiles",
    "profiles: [{name: A, default: true}, {name: B, default: true}]",
    "10:57: profiles[1].default is true for an earlier profile already",
  ],
  [
    "profiles",
    "profiles: [{name: A, fitsPerNode: {count: 2, instanceType: m5.xlarge}, cpu: {guarantee: 1, limit: 2}}]",
    "10:77: profiles[0].cpu has no meaning beside fitsPerNode: remove one of the two",
  ],
  [
    "profiles",
    "profiles: [{name: A, fitsPerNode: {count: 2, instanceType: m5.xlarge}, instanceTypes: [m5.large]}]",
    '10:60: profiles[0].fitsPerNode.instanceType "m5.xlarge" is none of the profile\'s instanceTypes',
  ],
  [
    "profiles",
    "profiles: [{name: A, gpus: 1, instanceTypes: [g5.xlarge, m5.large]}]",
    '10:58: profiles[0].instanceTypes[1] "m5.large" has no NVIDIA GPU; take a type like g5.xlarge, or set gpus to 0',
  ],
  [
    "profiles",
    "profiles: [{name: A, instanceTypes: [m7g.large]}]",
    '10:38: profiles[0].instanceTypes[0] "m7g.large" is an ARM type; the nodes run x86-64 software',
  ],
  [
    "profiles",
    "profiles: [{name: A, image: {repository: a/b}}]",
    "10:22: profiles[0].image.tag is required, or a digest",
  ],
  ["culling", "culling: {idleMinutes: 1}", "10:24: culling.idleMinutes must be at least 5, not 1"],
  ["hub", "hub: {chartVersion: latest}", '10:21: hub.chartVersion "latest" is not a version of the chart like 4.4.2'],
];

const login: [settings: string, problem: string][] = [
  ["method: gihub", "did you mean github?"],
  ["method: ldap", "auth.server is required"],
  ["method: ldap, server: 'ldap://x', bindDnTemplates: [a]", "without ldap:// and port"],
  ["method: ldap, server: x, bindDnTemplates: [uid=ada]", "is not a template like uid={username}"],
  ["method: generic-oauth, authorizeUrl: 'http://x.org'", '"http://x.org" is not an address that begins with https://'],
  [
    "allowedGroups: [a]",
    "auth.allowedGroups has no meaning with method github, only with generic-oauth, gitlab and ldap",
  ],
  ["method: cilogon, identityProviders: []", "auth.identityProviders must list at least one"],
  ["method: azuread, tenantId: lab", '"lab" is not an id like'],
  ["method: google", '"ada" is not an e-mail address, which is the user\'s name in this hub'],
  [
    "method: google, hostedDomains: [x.org], allowedUsers: [b@x.org]",
    '"b@x.org" must be written without @x.org, the only domain',
  ],
];

describe("settings that are refused", () => {
  it.each(wrong)("%s: %s", (_, settings, problem) => {
    expect(problemsOf(`${smallest}${settings}\n`)).toEqual([`hub.yaml:${problem}`]);
  });

  it.each(login)("auth: {%s}", (settings, problem) => {
    const problems = problemsOf(smallest.replace("  admins: [ada]", `  {admins: [ada], ${settings}}`));
    expect(
      problems.some((text) => text.includes(problem)),
      problems.join("\n"),
    ).toBe(true);
  });

  it("are groups without the claim that tells them", () => {
    const url = "https://x.org";
    const auth = `  {admins: [ada], method: generic-oauth, authorizeUrl: "${url}", tokenUrl: "${url}", userdataUrl: "${url}", adminGroups: [a]}`;
    expect(problemsOf(smallest.replace("  admins: [ada]", auth))).toEqual([
      expect.stringMatching(/auth\.adminGroups needs groupsClaim: where the groups of a user are$/),
    ]);
  });

  it("are roles and boundaries of another account", () => {
    const aws = `  accountId: "123456789012"
  assumeRole: arn:aws:iam::999999999999:role/a
  permissionsBoundary: arn:aws:iam::999999999999:policy/a
`;
    const profiles = "profiles: [{name: A, roleArn: 'arn:aws:iam::999999999999:role/a'}]\n";
    expect(problemsOf(smallest.replace("domain:", `${aws}domain:`) + profiles)).toEqual([
      "hub.yaml:4:15: aws.assumeRole belongs to account 999999999999, not to 123456789012",
      "hub.yaml:5:24: aws.permissionsBoundary belongs to account 999999999999, not to 123456789012",
      "hub.yaml:13:31: profiles[0].roleArn belongs to account 999999999999, not to 123456789012",
    ]);
  });

  it("are a prefix and a name that are too long together", () => {
    const source = smallest.replace("domain:", `  namePrefix: ${"p".repeat(20)}-\ndomain:`);
    expect(read(source, { name: "a".repeat(11) }).problems).toEqual([]);
    expect(problemsOf(source, { name: "a".repeat(12) })).toEqual([
      "hub.yaml:3:15: aws.namePrefix and the deployment's name have 33 characters together; at most 32 fit (an IAM role's name ends at 64)",
    ]);
  });
});

describe("what is left out of a profile or folder", () => {
  it("is made of its name, and the first profile is the default", () => {
    const more = "profiles: [{name: Große Server}, {name: B, slug: small}]\nstorage: {sharedFolders: [{name: data}]}\n";
    const { config } = read(smallest + more);
    expect(config?.profiles.map(({ slug, default: isDefault }) => [slug, isDefault])).toEqual([
      ["gro-e-server", true],
      ["small", false],
    ]);
    expect(config?.storage.sharedFolders).toEqual([{ name: "data", mountPath: "/data", writers: "everyone" }]);
  });
});
