import { z } from "zod";
import type { HubConfig } from "./hub-config.ts";
import { accountId, accountOf, certificateOwner, keyRegion, region } from "./rules/aws.ts";
import { domain } from "./rules/network.ts";
import { authSchema } from "./schema/auth.ts";
import { awsSchema, tagsSchema } from "./schema/aws.ts";
import { certificateSchema } from "./schema/certificate.ts";
import { clusterSchema } from "./schema/cluster.ts";
import { cullingSchema } from "./schema/culling.ts";
import { obeying, prose, type Context } from "./schema/fields.ts";
import { hostedZoneSchema } from "./schema/hosted-zone.ts";
import { hubSchema, imageSchema } from "./schema/image.ts";
import { networkSchema } from "./schema/network.ts";
import { profilesSchema } from "./schema/profiles.ts";
import { storageSchema } from "./schema/storage.ts";
import { usersSchema } from "./schema/users.ts";

/**
 * The content of a hub.yaml: a HubConfig without its name and without what stands in files beside it, with defaults
 * filled in. A Dandihub variables file is turned into the same shape first, so that both are judged by the same rules.
 */
export const hubFileSchema = z
  .strictObject({
    aws: awsSchema,
    domain: obeying(domain).describe("Where the hub will be found, like `hub.example.org`"),
    hostedZone: hostedZoneSchema,
    certificate: certificateSchema,
    tags: tagsSchema,
    network: networkSchema,
    cluster: clusterSchema,
    storage: storageSchema,
    users: usersSchema,
    auth: authSchema,
    image: imageSchema,
    profiles: profilesSchema,
    culling: cullingSchema,
    banner: prose().exactOptional().describe("Shown on the hub's pages; may hold HTML"),
    hub: hubSchema,
  })
  .superRefine(checkOwners, { when: () => true }) satisfies z.ZodType<HubFileContent>;

/** How a person writes it. */
export type HubFile = z.input<typeof hubFileSchema>;

/** What is still to be completed from neighbouring files. */
export type HubFileContent = Omit<HubConfig, "name" | "users" | "hub"> & {
  users: Omit<HubConfig["users"], "files"> & { files: { path: string; content?: string; source?: string }[] };
  hub: Omit<HubConfig["hub"], "values" | "extraConfig">;
};

/** Compares regions and accounts across sections. Also runs when other entries are wrong, so no shape is certain. */
function checkOwners(value: unknown, context: Context): void {
  const file = partialFile.parse(value);
  const add = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  const hubRegion =
    file.aws.region !== undefined && region(file.aws.region) === undefined ? file.aws.region : undefined;
  const account =
    file.aws.accountId !== undefined && accountId(file.aws.accountId) === undefined ? file.aws.accountId : undefined;

  const certificate = certificateOwner(file.certificate ?? "");
  if (certificate !== undefined && hubRegion !== undefined && certificate.region !== hubRegion) {
    const why = `a load balancer in ${hubRegion} can't use it: certificates belong to one region`;
    add(["certificate"], `is in ${certificate.region}; ${why}`);
  }
  const keyIn = keyRegion(file.storage.encryptionKey ?? "");
  if (keyIn !== undefined && hubRegion !== undefined && keyIn !== hubRegion) {
    add(["storage", "encryptionKey"], `is in ${keyIn}; what is in ${hubRegion} can't use it`);
  }

  const owned: [path: (string | number)[], account: string | undefined][] = [
    [["certificate"], certificate?.account],
    [["aws", "assumeRole"], accountOf(file.aws.assumeRole ?? "")],
    [["aws", "permissionsBoundary"], accountOf(file.aws.permissionsBoundary ?? "")],
    ...file.profiles.map(({ roleArn }, index): [(string | number)[], string | undefined] => [
      ["profiles", index, "roleArn"],
      accountOf(roleArn ?? ""),
    ]),
  ];
  for (const [path, owner] of owned) {
    if (owner !== undefined && account !== undefined && owner !== account) {
      add(path, `belongs to account ${owner}, not to ${account}`);
    }
  }
}

const text = z.string().optional().catch(undefined);
const partialFile = z
  .object({
    aws: z.object({ accountId: text, region: text, assumeRole: text, permissionsBoundary: text }).catch({}),
    certificate: text,
    storage: z.object({ encryptionKey: text }).catch({}),
    profiles: z.array(z.object({ roleArn: text }).catch({})).catch([]),
  })
  .catch({ aws: {}, storage: {}, profiles: [] });
