import type { Rule } from "./rule.ts";

export const region: Rule = (text) =>
  /^[a-z]{2}(-[a-z]+)+-\d$/.test(text) ? undefined : `"${text}" is not an AWS region like us-east-2`;

export const accountId: Rule = (text) =>
  /^\d{12}$/.test(text) ? undefined : `"${text}" is not an AWS account id: 12 digits`;

export const rolePath: Rule = (text) =>
  text === "/" || (text.length <= 512 && /^\/[!-.0-~/]+\/$/.test(text) && !text.includes("//"))
    ? undefined
    : `"${text}" is not an IAM path: it starts and ends with a slash, like /hubs/`;

const arnPartition = "aws(?:-[a-z]+)*";

export const policyArn: Rule = (text) =>
  new RegExp(`^arn:${arnPartition}:iam::(?:\\d{12}|aws):policy/[\\w+=,.@/-]+$`).test(text)
    ? undefined
    : `"${text}" is not the ARN of an IAM policy like arn:aws:iam::123456789012:policy/boundary`;

const certificatePattern = new RegExp(`^arn:${arnPartition}:acm:([a-z0-9-]+):(\\d{12}):certificate/[0-9a-zA-Z-]+$`);

/** What a certificate is named by, if it is not one's own. */
export const certificateName: Rule = (text) =>
  text === "auto" || certificatePattern.test(text)
    ? undefined
    : `"${text}" is neither auto nor the ARN of an ACM certificate like arn:aws:acm:us-east-2:123456789012:certificate/1234abcd-…`;

export function certificateOwner(arn: string): { region: string; account: string } | undefined {
  const [, region, account] = certificatePattern.exec(arn) ?? [];
  return region === undefined || account === undefined ? undefined : { region, account };
}

const ownTagPrefixes = ["aws:", "hubctl:", "kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "eks:"];

export const tagKey: Rule = (text) => {
  const own = ownTagPrefixes.find((prefix) => text.toLowerCase().startsWith(prefix));
  if (own !== undefined) return `"${text}" is no tag of yours: ${own} is reserved`;
  if (text === "Name") return `"Name" is set by hubctl on what has a name`;
  return text.length >= 1 && text.length <= 128 && tagText.test(text) ? undefined : `"${text}" is not an AWS tag key`;
};

export const tagValue: Rule = (text) =>
  text.length <= 256 && tagText.test(text) ? undefined : `"${text}" is not an AWS tag value`;

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export const kubernetesVersion: Rule = (text) =>
  /^1\.\d{2}$/.test(text) ? undefined : `"${text}" is not a Kubernetes version like "1.36" (minor version, no patch)`;

const rolePattern = new RegExp(`^arn:${arnPartition}:iam::(\\d{12}):role/[\\w+=,.@/-]+$`);

export const roleArn: Rule = (text) =>
  rolePattern.test(text)
    ? undefined
    : `"${text}" is not the ARN of an IAM role like arn:aws:iam::123456789012:role/hub-operator`;

/** The account of an IAM role or policy; undefined for AWS's own policies and what is no ARN. */
export function accountOf(arn: string): string | undefined {
  return new RegExp(`^arn:${arnPartition}:iam::(\\d{12}):`).exec(arn)?.[1];
}

export const profileName: Rule = (text) =>
  /^[^\s[\]]+$/.test(text) ? undefined : `"${text}" is not the name of a profile in ~/.aws/config`;

export const namePrefix: Rule = (text) =>
  /^[A-Za-z][A-Za-z0-9-]*$/.test(text)
    ? undefined
    : `"${text}" must start with a letter and hold letters, digits and hyphens only`;

/** Words in place of a key's ARN: the key of AWS, or one that is made for the deployment. */
const encryptionKeyWords = ["aws", "own"];

const keyPattern = new RegExp(`^arn:${arnPartition}:kms:([a-z0-9-]+):\\d{12}:key/[0-9a-zA-Z-]+$`);

export const encryptionKey: Rule = (text) =>
  encryptionKeyWords.includes(text) || keyPattern.test(text)
    ? undefined
    : `"${text}" is neither aws nor own nor the ARN of a KMS key like arn:aws:kms:us-east-2:123456789012:key/1234abcd-…`;

export function keyRegion(arn: string): string | undefined {
  return keyPattern.exec(arn)?.[1];
}

const resourceId =
  (prefix: string, what: string): Rule =>
  (text) =>
    new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(text)
      ? undefined
      : `"${text}" is not the id of a ${what} like ${prefix}-0123456789abcdef0`;

export const vpcId = resourceId("vpc", "VPC");
export const subnetId = resourceId("subnet", "subnet");

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucketName: Rule = (text) =>
  /^[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/.test(text) && !/^\d+\.\d+\.\d+\.\d+$/.test(text)
    ? undefined
    : `"${text}" is not the name of a bucket (without s3://; 3 to 63 lower-case letters, digits, dots and hyphens)`;

/** Names of AWS's ARM families have a "g" right after the generation. */
export const instanceType: Rule = (text) => {
  if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(text)) return `"${text}" is not an EC2 instance type like m6i.large`;
  if (/^([a-z]+\d+g|a1\.)/.test(text)) return `"${text}" is an ARM type; the nodes run x86-64 software`;
  return undefined;
};

/** Families with NVIDIA GPUs; those of g4ad are AMD's. */
export const gpuInstanceType: Rule = (text) =>
  /^(g4dn|g[5-9]|gr6|p\d)[a-z0-9-]*\./.test(text)
    ? undefined
    : `"${text}" has no NVIDIA GPU; take a type like g5.xlarge, or set gpus to 0`;

export const coreInstanceType: Rule = (text) => {
  if (/\.(nano|micro|small|medium)$/.test(text)) {
    return `"${text}" is too small for the hub and its controllers; take a large one or more`;
  }
  return instanceType(text);
};

export function isHostedZoneId(text: string): boolean {
  return /^(\/hostedzone\/)?Z[A-Z0-9]{1,31}$/.test(text);
}

export const hostedZoneId: Rule = (text) =>
  isHostedZoneId(text) ? undefined : `"${text}" is not the id of a hosted zone like Z0123456789ABCDEFGHIJ`;
