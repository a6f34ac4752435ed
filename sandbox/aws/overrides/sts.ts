import { randomUUID } from "node:crypto";
import { errorAnswer, escapeXml, unimplementedAnswer, xmlAnswer } from "../answers.ts";
import { queryParameters } from "../received.ts";
import type { Override, ReceivedRequest } from "../received.ts";
import type { AwsResponse, Principal } from "../types.ts";
import type { OverrideContext } from "./context.ts";

interface TrustPolicy {
  Statement: { Effect: string; Action: string | string[]; Principal?: "*" | { AWS?: string | string[] } }[];
}

const list = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Trust by ARN, by account, or of everyone; conditions are not evaluated. */
function trusts(policy: TrustPolicy, caller: Principal): boolean {
  const role = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(caller.arn);
  return policy.Statement.some((statement) => {
    if (statement.Effect !== "Allow" || !list(statement.Action).includes("sts:AssumeRole")) return false;
    if (statement.Principal === "*") return true;
    return list(statement.Principal?.AWS).some(
      (trusted) =>
        trusted === "*" ||
        trusted === caller.arn ||
        trusted === caller.account ||
        trusted === `arn:aws:iam::${caller.account}:root` ||
        (role !== null &&
          trusted.startsWith(`arn:aws:iam::${role[1] ?? ""}:role/`) &&
          trusted.endsWith(`/${role[2] ?? ""}`)),
    );
  });
}

function stsAnswer(action: string, result: string): AwsResponse {
  return xmlAnswer(
    `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`,
  );
}

/** moto would answer for any key and any role; who a caller is, is the sandbox's own knowledge. */
export function answerSts({ moto, identities, region }: OverrideContext): Override {
  const assumeRole = async (request: ReceivedRequest): Promise<AwsResponse> => {
    const parameters = queryParameters(request);
    const roleArn = parameters.get("RoleArn") ?? "";
    const sessionName = parameters.get("RoleSessionName") ?? "";
    const denied = errorAnswer(
      request,
      403,
      "AccessDenied",
      `User: ${request.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
    const [, account = "", name = ""] = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn) ?? [];
    const found = await moto.query({ service: "iam", region, account: account || request.caller.account }, "GetRole", {
      RoleName: name || "-",
    });
    const xml = found.body.toString();
    const document = /<AssumeRolePolicyDocument>([^<]*)</.exec(xml)?.[1];
    if (found.status !== 200 || document === undefined || !xml.includes(`<Arn>${roleArn}</Arn>`)) return denied;
    if (!trusts(JSON.parse(decodeURIComponent(document)) as TrustPolicy, request.caller)) return denied;
    const seconds = Number(parameters.get("DurationSeconds") ?? "3600");
    const roleId = /<RoleId>([^<]*)</.exec(xml)?.[1];
    const session = identities.assumeRole(roleArn, sessionName, seconds, roleId);
    return stsAnswer(
      "AssumeRole",
      `<Credentials><AccessKeyId>${session.accessKeyId}</AccessKeyId>` +
        `<SecretAccessKey>${escapeXml(session.secretAccessKey)}</SecretAccessKey>` +
        `<SessionToken>${escapeXml(session.sessionToken ?? "")}</SessionToken>` +
        `<Expiration>${session.expiration?.toISOString() ?? ""}</Expiration></Credentials>` +
        `<AssumedRoleUser><AssumedRoleId>${session.principal.userId}</AssumedRoleId>` +
        `<Arn>${session.principal.arn}</Arn></AssumedRoleUser>`,
    );
  };

  return async (request) => {
    if (request.service !== "sts") return undefined;
    if (request.action === "GetCallerIdentity") {
      const { arn, userId, account } = request.caller;
      return stsAnswer("GetCallerIdentity", `<Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${account}</Account>`);
    }
    return request.action === "AssumeRole" ? assumeRole(request) : unimplementedAnswer(request);
  };
}
