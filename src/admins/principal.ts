import { UserError } from "../errors.ts";

/** An IAM user or role, as its ARN tells. */
export interface Principal {
  arn: string;
  /** "aws", "aws-cn", "aws-us-gov", … */
  partition: string;
  account: string;
  kind: "user" | "role";
  /** With a slash at both ends; "/" if there is none. */
  path: string;
  name: string;
  /** It was given as a session of the role, which does not tell the role's path. */
  isFromSession: boolean;
}

const anyArn =
  /^arn:(?<partition>aws[a-z-]*):(?<service>[a-z0-9-]*):(?<region>[^:]*):(?<account>[^:]*):(?<resource>.+)$/;

/** Reads what people copy from the console or from `aws sts get-caller-identity`. */
export function readPrincipal(text: string): Principal {
  const arn = text.trim();
  const { partition = "", service = "", account = "", resource = "" } = anyArn.exec(arn)?.groups ?? {};
  const [kind = "", ...names] = resource.split("/");
  if (partition === "")
    throw unusable(arn, "it is no ARN", "name an IAM user or role as arn:aws:iam::123456789012:user/alice");
  refuseOthers(arn, service, kind, resource);
  const isFromSession = service === "sts";
  const name = isFromSession ? names[0] : names.at(-1);
  if (!/^\d{12}$/.test(account) || !name || (isFromSession && names.length !== 2) || names.includes("")) {
    throw unusable(
      arn,
      "its account or its name is not complete",
      "copy it again: aws sts get-caller-identity, or the IAM console",
    );
  }
  if (isFromSession) {
    const role = `arn:${partition}:iam::${account}:role/${name}`;
    return { arn: role, partition, account, kind: "role", path: "/", name, isFromSession };
  }
  const path = names.length === 1 ? "/" : `/${names.slice(0, -1).join("/")}/`;
  return { arn, partition, account, kind: kind as "user" | "role", path, name, isFromSession };
}

function refuseOthers(arn: string, service: string, kind: string, resource: string): void {
  if (service === "iam" && (kind === "user" || kind === "role")) return;
  if (service === "sts" && kind === "assumed-role") return;
  if (service === "sso") {
    throw unusable(
      arn,
      "a permission set is no principal of IAM",
      "name the role that it makes in the account: aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/",
    );
  }
  if (service === "iam" && resource === "root") {
    throw unusable(arn, "EKS lets the account's root user in nowhere", "name an IAM user or role");
  }
  const what =
    service === "iam" && kind === "group"
      ? "EKS knows no IAM groups"
      : service === "sts" && kind === "federated-user"
        ? "a federated user has no lasting identity"
        : "it is no IAM user or role";
  throw unusable(arn, what, "name the users one by one, or a role that they may assume");
}

function unusable(arn: string, why: string, hint: string): UserError {
  return new UserError("PrincipalUnusable", `${JSON.stringify(arn)} can't be let into a cluster: ${why}`, { hint });
}

/** The principal of an ARN that others wrote; undefined if it is none. */
export function findPrincipal(arn: string): Principal | undefined {
  try {
    return readPrincipal(arn);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * As aws-auth needs it: without a role's path, which the ARN of a session does not tell; users keep theirs.
 * https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting_iam.html#security-iam-troubleshoot-ConfigMap
 */
export function mapArn({ arn, partition, account, kind, name }: Principal): string {
  return kind === "user" ? arn : `arn:${partition}:iam::${account}:role/${name}`;
}

/** Whether two ARNs mean the same user or role; a role's path and the case of letters tell nothing. */
export function isSamePrincipal(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(arn: string): string {
  const principal = findPrincipal(arn);
  return (principal === undefined ? arn : mapArn(principal)).toLowerCase();
}
