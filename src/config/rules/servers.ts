import type { Rule } from "./rule.ts";
import { bucketName } from "./aws.ts";
import { httpsUrl } from "./network.ts";

/** Names become parts of Kubernetes names, which end at 63 characters. */
const longestName = 40;

export const kubernetesName: Rule = (text) =>
  text.length <= longestName && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
    ? undefined
    : `"${text}" must be lower-case letters, digits and hyphens between them, at most ${longestName}`;

/** What a profile is called in Kubernetes, made of its name; may be empty. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase();
  const hyphened = plain.replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-");
  return hyphened.slice(0, longestName).replace(/^-|-$/g, "");
}

const reservedVariables = ["JUPYTERHUB_", "AWS_"];

export const environmentName: Rule = (text) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return `"${text}" is not the name of an environment variable`;
  const reserved = reservedVariables.find((prefix) => text.startsWith(prefix));
  return reserved === undefined ? undefined : `"${text}" can't be set: ${reserved}… is set by the hub and by AWS`;
};

const home = "/home/jovyan";

const systemFolders = ["bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "root", "run", "sbin", "sys", "usr"];

export const absolutePath: Rule = (text) => {
  if (!text.startsWith("/")) return `"${text}" must be absolute: it begins with a slash`;
  const parts = text.slice(1).split("/");
  return parts.some((part) => part === "" || part === "." || part === "..")
    ? `"${text}" must be written without a slash at its end, and without "//", "." and ".."`
    : undefined;
};

export const mountPath: Rule = (text) => {
  const wrong = absolutePath(text);
  if (wrong !== undefined) return wrong;
  if (`${home}/`.startsWith(`${text}/`)) return `"${text}" would hide the users' homes, ${home}`;
  return systemFolders.includes(text.split("/")[1] ?? "")
    ? `"${text}" would hide a part of the image; take a folder like /shared or one below ${home}`
    : undefined;
};

/** A path below a home or below the deployment's folder. */
export const relativePath: Rule = (text) => {
  const parts = text.split("/");
  if (text.startsWith("/") || text.startsWith("~")) return `"${text}" must be relative`;
  return parts.some((part) => part === "" || part === "..")
    ? `"${text}" must be a path without ".." and "//"`
    : undefined;
};

export const fillSource: Rule = (text) => {
  if (text.startsWith("https://")) return httpsUrl(text);
  const [, bucket] = /^s3:\/\/([^/]+)(?:\/[^\s]*)?$/.exec(text) ?? [];
  return bucket === undefined
    ? `"${text}" is neither s3://bucket/folder nor an address that begins with https://`
    : bucketName(bucket);
};

export const gitRepository: Rule = (text) => {
  if (/^(git@|ssh:)/.test(text))
    return `"${text}" needs a key, which users' servers don't have; write its https:// address`;
  return httpsUrl(text);
};

/** https://git-scm.com/docs/git-check-ref-format, its common part */
export const gitBranch: Rule = (text) =>
  /^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/.test(text) && !text.includes("..") ? undefined : `"${text}" is not a git branch`;
