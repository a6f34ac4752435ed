import { GetRoleCommand, GetUserCommand } from "@aws-sdk/client-iam";
import type { Role } from "@aws-sdk/client-iam";
import { unless } from "./clients.ts";
import type { EksContext } from "./context.ts";

const arnPattern = /^arn:aws:iam::(?<account>\d{12}):(?<kind>role|user)\/(?:(?<path>.*)\/)?(?<name>[^/]+)$/;

export interface IamPrincipal {
  arn: string;
  account: string;
  kind: "role" | "user";
  /** Without slashes at its ends; empty when there is none. */
  path: string;
  name: string;
}

/** The parts of a role's or user's ARN; undefined for anything else. */
export function parsePrincipalArn(arn: string): IamPrincipal | undefined {
  const groups = arnPattern.exec(arn)?.groups;
  if (groups === undefined) return undefined;
  const { account = "", kind, path = "", name = "" } = groups;
  return { arn, account, kind: kind as "role" | "user", path, name };
}

/** The role with this ARN, if it exists in this account. */
export async function findRole(context: EksContext, arn: string): Promise<Role | undefined> {
  const principal = parsePrincipalArn(arn);
  if (principal?.kind !== "role") return undefined;
  const role = await findRoleByName(context, principal.name);
  return role?.Arn === arn ? role : undefined;
}

export async function findRoleByName(context: EksContext, name: string): Promise<Role | undefined> {
  const answer = await unless(
    context.aws.iam.send(new GetRoleCommand({ RoleName: name })),
    "NoSuchEntity",
    "NoSuchEntityException",
  );
  return answer?.Role;
}

export async function principalExists(context: EksContext, principal: IamPrincipal): Promise<boolean> {
  if (principal.kind === "role") return (await findRole(context, principal.arn)) !== undefined;
  const answer = await unless(
    context.aws.iam.send(new GetUserCommand({ UserName: principal.name })),
    "NoSuchEntity",
    "NoSuchEntityException",
  );
  return answer?.User?.Arn === principal.arn;
}

interface Statement {
  Effect?: string;
  Principal?: "*" | { Service?: string | string[] };
  Action?: string | string[];
}

/** Whether the trust policy of a role lets a service assume it with all these actions. */
export function trusts(role: Role, service: string, actions: readonly string[] = ["sts:AssumeRole"]): boolean {
  const document = JSON.parse(decodeURIComponent(role.AssumeRolePolicyDocument ?? "%7B%7D")) as {
    Statement?: Statement | Statement[];
  };
  const allowed = listOf(document.Statement)
    .filter((statement) => statement.Effect === "Allow" && servicesOf(statement).includes(service))
    .flatMap((statement) => listOf(statement.Action).map((action) => action.toLowerCase()));
  return actions.every((action) =>
    allowed.some((pattern) => pattern === "*" || pattern === "sts:*" || pattern === action.toLowerCase()),
  );
}

function servicesOf({ Principal: principal }: Statement): string[] {
  return typeof principal === "object" ? listOf(principal.Service) : [];
}

function listOf<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
