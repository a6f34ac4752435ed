import { DescribeCertificateCommand } from "@aws-sdk/client-acm";
import { ListTagsForResourceCommand, paginateDescribeRepositories } from "@aws-sdk/client-ecr";
import { GetBucketTaggingCommand } from "@aws-sdk/client-s3";
import { paginateListSecrets } from "@aws-sdk/client-secrets-manager";
import { DescribeParametersCommand } from "@aws-sdk/client-ssm";
import { prices } from "../../cost/prices.ts";
import { stateBucketName } from "../state-bucket.ts";
import { waitingUntil } from "./keys.ts";
import { deploymentTag, hasOwnTags, idTag, readTags, stackTag, type Found } from "./resource.ts";
import { arnResource, mapFew, unlessGone, type Scope } from "./scope.ts";

/** Buckets of a deployment; hubctl's own is found with the state that it holds. */
export async function findBuckets(scope: Scope): Promise<Found[]> {
  const found = await mapFew(await scope.tagged("s3"), async ({ arn }): Promise<Found[]> => {
    const Bucket = arnResource(arn);
    const command = new GetBucketTaggingCommand({ Bucket, ExpectedBucketOwner: scope.account });
    const tags = readTags((await unlessGone(scope.aws.s3.send(command)))?.TagSet);
    // How much is in it, S3 does not tell without counting.
    return hasOwnTags(tags) ? [{ category: "buckets", id: Bucket, arn, tags }] : [];
  });
  return [...found.flat(), ...(await findStateBucket(scope))];
}

/** All deployments share it; it is used as long as anything is left in it, be it an old version. */
async function findStateBucket(scope: Scope): Promise<Found[]> {
  const Bucket = stateBucketName(scope.account, scope.region);
  const command = new GetBucketTaggingCommand({ Bucket, ExpectedBucketOwner: scope.account });
  const answer = await unlessGone(scope.aws.s3.send(command));
  const tags = readTags(answer?.TagSet);
  if (tags[stackTag] !== "state") return [];
  const inUse = (await scope.found("terraform-state")).length > 0;
  const claim = { words: "hubctl's own state bucket", deployment: undefined, ids: [] };
  return [{ category: "buckets", id: Bucket, tags, claim, inUse }];
}

export async function findRepositories({ aws }: Scope): Promise<Found[]> {
  const client = await aws.rare.ecr();
  const found: Found[] = [];
  for await (const { repositories = [] } of paginateDescribeRepositories({ client }, {})) {
    const own = await mapFew(repositories, async ({ repositoryName: id = "", repositoryArn, createdAt }) => {
      const answer = await unlessGone(client.send(new ListTagsForResourceCommand({ resourceArn: repositoryArn })));
      const tags = readTags(answer?.tags);
      return { category: "image-repositories", id, arn: repositoryArn, created: createdAt, tags } satisfies Found;
    });
    found.push(...own.filter(({ tags }) => hasOwnTags(tags)));
  }
  return found;
}

export async function findCertificates(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.acm();
  const found = await mapFew(await scope.tagged("acm"), async ({ arn, tags }): Promise<Found[]> => {
    const answer = await unlessGone(client.send(new DescribeCertificateCommand({ CertificateArn: arn })));
    const { DomainName, CreatedAt, DomainValidationOptions = [] } = answer?.Certificate ?? {};
    if (DomainName === undefined) return [];
    const validation = DomainValidationOptions.flatMap(({ ResourceRecord }) => ResourceRecord?.Name ?? []).join(" ");
    return [
      {
        category: "certificates",
        id: arn,
        name: DomainName,
        created: CreatedAt,
        tags,
        monthlyCost: 0,
        facts: { validation },
      },
    ];
  });
  return found.flat();
}

/** With those that are deleted already but keep their name for some days. */
export async function findSecrets({ aws }: Scope): Promise<Found[]> {
  const found: Found[] = [];
  const request = {
    IncludePlannedDeletion: true,
    Filters: [{ Key: "tag-key" as const, Values: [idTag, deploymentTag] }],
  };
  for await (const { SecretList = [] } of paginateListSecrets({ client: aws.secrets }, request)) {
    for (const { Name: id = "", ARN, Description, CreatedDate, DeletedDate, Tags } of SecretList) {
      const tags = readTags(Tags);
      // The filter matches beginnings of words.
      if (!hasOwnTags(tags)) continue;
      found.push({
        category: "secrets",
        id,
        arn: ARN,
        name: Description,
        created: CreatedDate,
        tags,
        monthlyCost: DeletedDate ? 0 : prices.secret,
        ...(DeletedDate && { going: { words: waitingUntil(DeletedDate), waits: "days" } }),
      });
    }
  }
  return found;
}

export async function findParameters(scope: Scope): Promise<Found[]> {
  const tagged = (await scope.tagged("ssm")).filter(({ arn }) => arnResource(arn).startsWith("parameter/"));
  const found = await mapFew(tagged, async ({ arn, tags }): Promise<Found[]> => {
    // ARNs leave it open whether the name begins with a slash; names with several parts do.
    const bare = arnResource(arn).slice("parameter/".length);
    const Values = bare.includes("/") ? [`/${bare}`] : [bare];
    const command = new DescribeParametersCommand({ ParameterFilters: [{ Key: "Name", Option: "Equals", Values }] });
    const [parameter] = (await scope.aws.ssm.send(command)).Parameters ?? [];
    if (!parameter?.Name) return [];
    return [{ category: "parameters", id: parameter.Name, arn, name: parameter.Description, tags, monthlyCost: 0 }];
  });
  return found.flat();
}
