/** What single values must look like. Each rule answers what is wrong, as the continuation of the value's key. */
import { isPrivateRange, parseCidr } from "./cidr.ts";

export type Rule = (text: string) => string | undefined;

/** The sizes between which the VPC's public and private subnets have room for nodes and users' pods. */
const vpcSizes = { largest: 16, smallest: 21 };

export const vpcRange: Rule = (text) => {
  const range = parseCidr(text);
  if (typeof range === "string") return range;
  if (range.prefix < vpcSizes.largest) return `"${text}" is larger than AWS allows for a VPC (/${vpcSizes.largest})`;
  if (range.prefix > vpcSizes.smallest) {
    return `"${text}" is too small: each pod takes an address of the VPC, so at least a /${vpcSizes.smallest} is needed`;
  }
  if (!isPrivateRange(range))
    return `"${text}" is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)`;
  return undefined;
};

export const clientRange: Rule = (text) => {
  const range = parseCidr(text);
  return typeof range === "string" ? range : undefined;
};

export const apiClientRange: Rule = (text) => {
  const range = parseCidr(text);
  if (typeof range === "string") return range;
  return isPrivateRange(range)
    ? `"${text}" is a private range, which EKS refuses for its public API endpoint`
    : undefined;
};

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

export const certificateArn: Rule = (text) =>
  certificatePattern.test(text)
    ? undefined
    : `"${text}" is not the ARN of an ACM certificate like arn:aws:acm:us-east-2:123456789012:certificate/1234abcd-…`;

export function certificateOwner(arn: string): { region: string; account: string } | undefined {
  const [, region, account] = certificatePattern.exec(arn) ?? [];
  return region === undefined || account === undefined ? undefined : { region, account };
}

export const domain: Rule = (text) => {
  if (text.includes("://")) return `"${text}" must be a name alone, without ${text.slice(0, text.indexOf("://") + 3)}`;
  if (text.includes("/")) return `"${text}" must be a name alone, without a path`;
  if (text.includes(":")) return `"${text}" must be a name alone, without a port`;
  if (text.includes("*")) return `"${text}" must be one name, without a wildcard`;
  if (text.endsWith(".")) return `"${text}" must be written without the dot at its end`;
  if (text !== text.toLowerCase()) return `"${text}" must be written in lower case: ${text.toLowerCase()}`;
  const labels = text.split(".");
  const isName = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (!isName || text.length > 253 || labels.length < 2 || /^\d+$/.test(labels.at(-1) ?? "")) {
    return `"${text}" is not a domain name like hub.example.org`;
  }
  return undefined;
};

export const kubernetesVersion: Rule = (text) =>
  /^1\.\d{2}$/.test(text) ? undefined : `"${text}" is not a Kubernetes version like "1.36" (minor version, no patch)`;

/** The core nodes' image is x86-64; names of AWS's ARM families have a "g" right after the generation. */
export const coreInstanceType: Rule = (text) => {
  if (!/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(text)) return `"${text}" is not an EC2 instance type like m6i.large`;
  if (/^([a-z]+\d+g|a1\.)/.test(text)) return `"${text}" is an ARM type; the core nodes run x86-64 software`;
  if (/\.(nano|micro|small|medium)$/.test(text))
    return `"${text}" is too small for the hub and its controllers; take a large one or more`;
  return undefined;
};

export const imageRepository: Rule = (text) => {
  const name = text.slice(text.lastIndexOf("/") + 1);
  if (text.includes("://")) return `"${text}" must be written without ${text.slice(0, text.indexOf("://") + 3)}`;
  if (name.includes("@")) return `"${text}" must not hold a digest`;
  if (name.includes(":"))
    return `"${text}" must not hold a tag: "${name.slice(name.indexOf(":") + 1)}" has a place of its own`;
  const component = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
  const host = "[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*(?::\\d{1,5})?";
  return new RegExp(`^(?:${host}/)?${component}(?:/${component})*$`).test(text)
    ? undefined
    : `"${text}" is not an image name like quay.io/jupyter/scipy-notebook`;
};

export const imageTag: Rule = (text) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text) ? undefined : `"${text}" is not an image tag like 2026-11-03`;

/** Members of enterprises that manage their accounts have one underscore in their names. */
export const githubName: Rule = (text) =>
  text.length <= 39 && /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?$/.test(text)
    ? undefined
    : `"${text}" is not a GitHub user name (without @, letters, digits and single hyphens, at most 39)`;

export const hubUserName: Rule = (text) =>
  /^[a-z0-9][a-z0-9._@-]{0,63}$/.test(text)
    ? undefined
    : `"${text}" is not a user name (lower-case letters, digits, ".", "_", "@" and hyphens, at most 64)`;

export const githubOrganization: Rule = (text) =>
  /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*_?(:[a-z0-9][a-z0-9_-]*)?$/.test(text) && (text.split(":")[0] ?? "").length <= 39
    ? undefined
    : `"${text}" is neither a GitHub organisation nor "organisation:team-slug"`;

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
