import fc from "fast-check";
import type { HubFile } from "../../../src/config/schema.ts";

const partial = { noNullPrototype: true } as const;

const region = fc.constantFrom("us-east-2", "eu-central-1", "us-gov-west-1", "ap-southeast-3");
const account = fc.stringMatching(/^\d{12}$/);
const range = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 }))
  .map(([address, size]) => formatRange(address - (address % 2 ** (32 - size)), size));
const vpcRange = fc
  .tuple(fc.nat(255), fc.nat(31), fc.integer({ min: 16, max: 21 }))
  .map(([second, block, size]) =>
    formatRange(10 * 2 ** 24 + second * 2 ** 16 + (block % 2 ** (size - 16)) * 2 ** (32 - size), size),
  );
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const someNames = fc.uniqueArray(name, { maxLength: 4 });
/** Two numbers, the smaller one first. */
const pair = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min: min * 4, max: max * 4 }), fc.integer({ min: min * 4, max: max * 4 }))
    .map(([a, b]) => ({ guarantee: Math.min(a, b) / 4, limit: Math.max(a, b) / 4 }));

function formatRange(address: number, size: number): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")}/${size}`;
}

/** Contents of hub.yaml files that are fine, with and without each entry that has a default. */
export const hubFiles: fc.Arbitrary<HubFile> = fc
  .record({ region, account, uuid: fc.uuid() })
  .chain(({ region: hubRegion, account: hubAccount, uuid }) =>
    fc.record(
      {
        aws: fc.record(
          {
            region: fc.constant(hubRegion),
            accountId: fc.constant(hubAccount),
            permissionsBoundary: fc.constant(`arn:aws:iam::${hubAccount}:policy/boundary`),
            rolePath: fc.constantFrom("/", "/hubs/", "/research/hubs/"),
            tags: fc.dictionary(
              fc.stringMatching(/^[A-Z][a-z]{1,10}$/).filter((key) => key !== "Name"),
              fc.stringMatching(/^[\w .:/=+@-]{0,40}$/),
              partial,
            ),
          },
          { requiredKeys: ["region"], ...partial },
        ),
        domain: fc.domain(),
        certificateArn: fc.constant(`arn:aws:acm:${hubRegion}:${hubAccount}:certificate/${uuid}`),
        network: fc.record(
          {
            vpcCidr: vpcRange,
            allowFrom: fc.uniqueArray(range, { minLength: 1, maxLength: 5 }),
            apiAccess: fc.uniqueArray(fc.constantFrom("0.0.0.0/0", "203.0.113.0/24", "198.51.100.7/32"), {
              minLength: 1,
            }),
          },
          { requiredKeys: [], ...partial },
        ),
        cluster: fc.record(
          {
            kubernetesVersion: fc.constantFrom("1.30", "1.36"),
            supportPolicy: fc.constantFrom("STANDARD" as const, "EXTENDED" as const),
            coreNodes: fc.record(
              {
                instanceType: fc.constantFrom("m6i.large", "m7i-flex.xlarge", "c6id.2xlarge", "t3.large"),
                min: fc.integer({ min: 1, max: 2 }),
                max: fc.integer({ min: 3, max: 20 }),
                desired: fc.integer({ min: 2, max: 3 }),
                volumeSizeGiB: fc.integer({ min: 30, max: 1000 }),
              },
              { requiredKeys: [], ...partial },
            ),
          },
          { requiredKeys: [], ...partial },
        ),
        users: fc.record(
          { maxVcpus: fc.integer({ min: 2, max: 10_000 }), cpu: pair(1, 192), memoryGiB: pair(1, 1536) },
          { requiredKeys: [], ...partial },
        ),
        auth: fc.record(
          {
            method: fc.constantFrom("github" as const, "shared-password" as const),
            admins: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
            allowedUsers: someNames,
            allowAll: fc.boolean(),
          },
          { requiredKeys: ["admins"], ...partial },
        ),
        image: fc.record(
          {
            repository: fc.constantFrom(
              "dandiarchive/dandihub",
              "quay.io/jupyter/scipy-notebook",
              "localhost:5000/a/b_c",
            ),
            tag: fc.constantFrom("latest", "2026-11-03", "1.30", "12"),
          },
          partial,
        ),
      },
      { requiredKeys: ["aws", "domain", "certificateArn", "auth", "image"], ...partial },
    ),
  );
