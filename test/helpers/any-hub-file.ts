import fc from "fast-check";
import type { HubConfig } from "../../src/config/hub-config.ts";
import { hubFileSchema, type HubFile } from "../../src/config/schema.ts";

const partial = { noNullPrototype: true } as const;
/** A group of settings, each of them there or not, but for those that must be. */
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<Exclude<T[K], undefined>> }, ...requiredKeys: (keyof T)[]) =>
  fc.record<T, keyof T>(model, { requiredKeys, ...partial });

const range = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 }))
  .map(([address, size]) => formatRange(address - (address % 2 ** (32 - size)), size));
const vpcRange = fc
  .tuple(fc.nat(255), fc.nat(31), fc.integer({ min: 16, max: 21 }))
  .map(([second, block, size]) =>
    formatRange(10 * 2 ** 24 + second * 2 ** 16 + (block % 2 ** (size - 16)) * 2 ** (32 - size), size),
  );
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const words = fc.uniqueArray(word, { maxLength: 4 });
const someWords = fc.uniqueArray(word, { minLength: 1, maxLength: 4 });
const hexadecimal = (count: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${count}}$`));
const host = word.map((name) => `${name}.example.org`);
const url = fc.tuple(host, word).map(([name, path]) => `https://${name}/${path}`);
const prose = fc.constantFrom("one line", 'two\nlines with "quotes", ${dollars} and {{braces}}', "ümläute: 雪 🐍");

/** Two numbers in quarters, the smaller one first. */
const pair = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min: min * 4, max: max * 4 }), fc.integer({ min: min * 4, max: max * 4 }))
    .map(([a, b]) => ({ guarantee: Math.min(a, b) / 4, limit: Math.max(a, b) / 4 }));

function formatRange(address: number, size: number): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")}/${size}`;
}

interface Place {
  region: string;
  account: string;
}

const aws = ({ region, account: id }: Place) =>
  some<HubFile["aws"]>(
    {
      region: fc.constant(region),
      accountId: fc.constant(id),
      profile: word,
      assumeRole: fc.constant(`arn:aws:iam::${id}:role/hubs/operator`),
      permissionsBoundary: fc.constantFrom(
        `arn:aws:iam::${id}:policy/boundary`,
        "arn:aws:iam::aws:policy/PowerUserAccess",
      ),
      rolePath: fc.constantFrom("/", "/hubs/", "/research/hubs/"),
      namePrefix: fc.constantFrom("", "obs-", "Lab"),
    },
    "region",
  );

const subnet = hexadecimal(17).map((id) => `subnet-${id}`);

const network: fc.Arbitrary<NonNullable<HubFile["network"]>> = some({
  allowFrom: fc.uniqueArray(range, { minLength: 1, maxLength: 5 }),
  internal: fc.boolean(),
  apiAccess: fc.uniqueArray(fc.constantFrom("0.0.0.0/0", "203.0.113.0/24", "198.51.100.7/32")),
} as const).chain((rest) =>
  fc.oneof(
    fc.constant(rest),
    some({
      cidr: vpcRange,
      zones: fc.integer({ min: 2, max: 4 }),
      nat: fc.constantFrom("one" as const, "per-zone" as const),
    }).map((vpc) => ({ ...rest, vpc })),
    fc
      .record(
        {
          id: hexadecimal(17).map((id) => `vpc-${id}`),
          nodeSubnets: fc.uniqueArray(subnet, { minLength: 2, maxLength: 4 }),
          loadBalancerSubnets: fc.uniqueArray(subnet, { minLength: 1, maxLength: 3 }),
        },
        partial,
      )
      .map((existingVpc) => ({ ...rest, existingVpc })),
  ),
);

const cluster = some({
  kubernetesVersion: fc.constantFrom("1.30", "1.36"),
  supportPolicy: fc.constantFrom("STANDARD" as const, "EXTENDED" as const),
  coreNodes: some({
    instanceType: fc.constantFrom("m6i.large", "m7i-flex.xlarge", "c6id.2xlarge", "t3.large"),
    min: fc.integer({ min: 1, max: 2 }),
    max: fc.integer({ min: 3, max: 20 }),
    desired: fc.integer({ min: 2, max: 3 }),
    volumeSizeGiB: fc.integer({ min: 30, max: 1000 }),
  }),
});

const sharedFolders = fc.uniqueArray(
  some(
    {
      name: fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/).filter((name) => !isSystemFolder(name)),
      writers: fc.constantFrom("everyone" as const, "admins" as const),
      fillFrom: fc.oneof(
        url,
        fc.constantFrom("s3://tutorial-data", "s3://tutorial-data/2026/week 1".replace(" ", "-")),
      ),
    },
    "name",
  ).chain((folder) =>
    fc.constantFrom(
      folder,
      { ...folder, mountPath: `/home/jovyan/${folder.name}` },
      { ...folder, mountPath: `/srv/${folder.name}` },
    ),
  ),
  { maxLength: 3, selector: ({ name }) => name },
);

function isSystemFolder(name: string): boolean {
  return /^(bin|boot|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|srv|sys|usr)$/.test(name);
}

const storage = ({ region, account: id }: Place) =>
  some<NonNullable<HubFile["storage"]>>({
    home: fc.constant({ type: "efs" }),
    sharedFolders,
    buckets: fc.uniqueArray(
      some(
        {
          name: fc.stringMatching(/^[a-z][a-z0-9-]{2,20}[a-z0-9]$/),
          region: fc.constantFrom("us-east-2", "eu-west-1"),
          access: fc.constantFrom("read" as const, "read-write" as const),
        },
        "name",
      ),
      { maxLength: 3, selector: ({ name }) => name },
    ),
    backups: fc.record({ enabled: fc.boolean(), keepDays: fc.integer({ min: 1, max: 36_500 }) }),
    encryptionKey: fc.oneof(
      fc.constantFrom("aws", "own"),
      fc.uuid().map((key) => `arn:aws:kms:${region}:${id}:key/${key}`),
    ),
  });

const environment = fc.dictionary(
  fc.stringMatching(/^[A-Z][A-Z_0-9]{0,12}$/).filter((name) => !/^(AWS|JUPYTERHUB)_/.test(name)),
  fc.oneof(
    prose,
    fc.string({ maxLength: 20 }).filter((text) => !text.includes("\0")),
  ),
  { maxKeys: 4, ...partial },
);

const users = some<NonNullable<HubFile["users"]>>({
  maxVcpus: fc.integer({ min: 2, max: 10_000 }),
  cpu: pair(1, 192),
  memoryGiB: pair(1, 1536),
  environment,
  pullRepositories: fc.array(some({ url, branch: word, folder: fc.constantFrom("course", "a/b c") }, "url"), {
    maxLength: 2,
  }),
  postStart: prose,
  files: fc.uniqueArray(
    fc.record({ path: fc.tuple(word, word).map(([a, b]) => `/home/jovyan/.${a}/${b}.toml`), content: prose }, partial),
    { maxLength: 2, selector: ({ path }) => path },
  ),
});

const image = fc
  .record(
    {
      repository: fc.constantFrom("dandiarchive/dandihub", "quay.io/jupyter/scipy-notebook", "localhost:5000/a/b_c"),
      tag: fc.constantFrom("latest", "2026-11-03", "1.30", "12"),
      digest: hexadecimal(64).map((digest) => `sha256:${digest}`),
      kept: fc.constantFrom("tag", "digest", "both"),
    },
    partial,
  )
  .map(({ repository, tag, digest, kept }) => ({
    repository,
    ...(kept === "digest" ? {} : { tag }),
    ...(kept === "tag" ? {} : { digest }),
  }));

const userImage = fc
  .tuple(
    image,
    some({
      freeze: fc.boolean(),
      pullPolicy: fc.constantFrom("auto" as const, "IfNotPresent" as const, "Always" as const),
    }),
  )
  .map(([one, more]) => ({ ...one, ...more }));

type Profile = NonNullable<HubFile["profiles"]>[number];

type Size = Pick<Profile, "cpu" | "memoryGiB" | "fitsPerNode" | "gpus" | "instanceTypes">;

const size: fc.Arbitrary<Size> = fc.oneof(
  some<Size>({ cpu: pair(1, 32), memoryGiB: pair(1, 64) }),
  some<Size>({ instanceTypes: fc.constant(["r6i.xlarge", "r5.xlarge"]) }),
  some<Size>({
    fitsPerNode: fc.record(
      { count: fc.integer({ min: 1, max: 8 }), instanceType: fc.constant("r6i.4xlarge") },
      partial,
    ),
  }),
  some<Size>({ gpus: fc.constant(1), instanceTypes: fc.constantFrom([], ["g5.xlarge", "g4dn.xlarge"]) }, "gpus"),
);

const profile = ({ account: id }: Place): fc.Arbitrary<Profile> =>
  fc
    .tuple(
      some<Omit<Profile, keyof Size | "default" | "slug">>(
        {
          name: fc.tuple(fc.constantFrom("Small", "Grande", "Größe"), fc.nat(9999)).map(([name, n]) => `${name} ${n}`),
          description: prose,
          image,
          spot: fc.boolean(),
          environment,
          roleArn: fc.constant(`arn:aws:iam::${id}:role/users`),
        },
        "name",
      ),
      size,
    )
    .map(([one, of]) => ({ ...one, ...of }));

const profiles = (place: Place) =>
  fc
    .tuple(fc.uniqueArray(profile(place), { maxLength: 3, selector: ({ name }) => name }), fc.nat(3))
    .map(([list, chosen]) => list.map((one, index) => (index === chosen ? { ...one, default: true } : one)));

const uuids = fc.uniqueArray(fc.uuid(), { maxLength: 2 });
const admission = {
  admins: someWords,
  allowedUsers: words,
  allowAll: fc.boolean(),
  allowAddedUsers: fc.boolean(),
};

/** All logins that there are. */
const auth: fc.Arbitrary<HubFile["auth"]> = fc.oneof(
  some({ method: fc.constant("github" as const), ...admission, allowedOrganizations: words }, "admins"),
  some(
    {
      method: fc.constant("gitlab" as const),
      ...admission,
      admins: fc.constant<string[]>(["ada"]),
      allowedUsers: fc.constant<string[]>([]),
      url,
      allowedGroups: words,
      allowedProjectIds: fc.array(fc.integer({ min: 1, max: 999 })),
    },
    "method",
    "admins",
  ),
  some(
    { method: fc.constant("google" as const), ...admission, hostedDomains: host.map((name) => [name]) },
    "method",
    "admins",
    "hostedDomains",
  ),
  some(
    { method: fc.constant("globus" as const), ...admission, identityProvider: host, allowedGlobusGroups: uuids },
    "method",
    "admins",
  ),
  some(
    {
      method: fc.constant("cilogon" as const),
      ...admission,
      identityProviders: fc.array(
        some({ entityId: url, usernameClaim: word, stripDomain: host, allowAll: fc.boolean() }, "entityId"),
        { minLength: 1, maxLength: 2 },
      ),
    },
    "method",
    "admins",
    "identityProviders",
  ),
  some(
    { method: fc.constant("auth0" as const), ...admission, auth0Domain: host, usernameClaim: word },
    "method",
    "admins",
    "auth0Domain",
  ),
  some(
    { method: fc.constant("azuread" as const), ...admission, tenantId: fc.uuid(), usernameClaim: word },
    "method",
    "admins",
    "tenantId",
  ),
  some(
    {
      method: fc.constant("generic-oauth" as const),
      ...admission,
      authorizeUrl: url,
      tokenUrl: url,
      userdataUrl: url,
      usernameClaim: word,
      scope: words,
      loginService: fc.constantFrom("the observatory", 'the "Lab"'),
      groupsClaim: word,
      allowedGroups: words,
      adminGroups: words,
    },
    "method",
    "admins",
    "authorizeUrl",
    "tokenUrl",
    "userdataUrl",
    "groupsClaim",
  ),
  some(
    {
      method: fc.constant("ldap" as const),
      ...admission,
      server: host,
      port: fc.integer({ min: 1, max: 65_535 }),
      tls: fc.constantFrom("on-connect" as const, "start-tls" as const, "none" as const),
      bindDnTemplates: fc.constant<string[]>(["uid={username},ou=people,dc=example,dc=org"]),
      allowedGroups: fc.constantFrom<string[][]>([], ["cn=hub-users,ou=groups,dc=example,dc=org"]),
    },
    "method",
    "admins",
    "server",
    "bindDnTemplates",
  ),
  some({ method: fc.constant("shared-password" as const), ...admission }, "method", "admins"),
);

const tags = fc.dictionary(
  fc.stringMatching(/^[A-Z][a-z]{1,10}$/).filter((key) => key !== "Name"),
  fc.stringMatching(/^[\w .:/=+@-]{0,40}$/),
  partial,
);

const hubFileIn = (place: Place) =>
  some<HubFile>(
    {
      aws: aws(place),
      domain: host,
      certificate: fc.constant(
        `arn:aws:acm:${place.region}:${place.account}:certificate/11111111-2222-4333-8444-555555555555`,
      ),
      tags,
      network,
      cluster,
      storage: storage(place),
      users,
      auth,
      image: userImage,
      profiles: profiles(place),
      culling: some({
        enabled: fc.boolean(),
        idleMinutes: fc.integer({ min: 5, max: 600 }),
        maxAgeHours: fc.integer({ min: 1, max: 100 }),
      }),
      banner: prose,
      hub: some({ chartVersion: fc.constantFrom("4.4.2", "4.5.0-0.dev.git.1"), image }),
    },
    "aws",
    "domain",
    "certificate",
    "auth",
    "image",
  );

/** Contents of hub.yaml files that are fine, with and without each entry that has a default. */
export const anyHubFile: fc.Arbitrary<HubFile> = fc.oneof(
  hubFileIn({ region: "us-east-2", account: "123456789012" }),
  hubFileIn({ region: "eu-central-1", account: "000000000042" }),
  hubFileIn({ region: "us-gov-west-1", account: "999999999999" }),
);

/** What is made of such a file; nothing stands beside it. */
export const anyHubConfig: fc.Arbitrary<HubConfig> = anyHubFile.map((file) => {
  const { users, hub, ...rest } = hubFileSchema.parse(file);
  const files = users.files.map(({ path, content = "" }) => ({ path, content }));
  return { name: "field", ...rest, users: { ...users, files }, hub: { ...hub, values: {}, extraConfig: {} } };
});
