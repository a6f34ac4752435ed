import { errorAnswer } from "../answers.ts";
import { jsonParameters, queryParameters, type Override, type ReceivedRequest } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** The KMS key that a call names, and how its service refuses one that it can't use. */
interface KeyUse {
  key: unknown;
  code: string;
  message: string;
}

/** moto notes any text as the key of a file system or volume; AWS wants one that exists, here, and is enabled. */
export function checkCustomerKeys({ moto }: OverrideContext): Override {
  return async (request) => {
    const use = keyUse(request);
    if (typeof use?.key !== "string" || use.key === "") return undefined;
    const call = { service: "kms", region: request.region, account: request.caller.account };
    const { status, body } = await moto.json(call, "TrentService.DescribeKey", { KeyId: use.key });
    const isUsable = status < 300 && /"KeyState": ?"Enabled"/.test(body.toString());
    // moto finds a key by the id in its ARN, whatever region that names.
    const isHere = !use.key.startsWith("arn:") || use.key.split(":")[3] === request.region;
    return isUsable && isHere ? undefined : errorAnswer(request, 400, use.code, use.message);
  };
}

function keyUse(request: ReceivedRequest): KeyUse | undefined {
  if (request.service === "elasticfilesystem" && request.operation === "CreateFileSystem") {
    const { KmsKeyId: key } = jsonParameters(request);
    return { key, code: "BadRequest", message: `KMS key ${String(key)} not found or not usable` };
  }
  if (request.service === "ec2" && request.action === "CreateVolume") {
    const key = queryParameters(request).get("KmsKeyId");
    return { key, code: "InvalidParameterValue", message: `KmsKeyId ${String(key)} is not a usable key` };
  }
  return undefined;
}
