import { queryParameters } from "../received.ts";
import type { Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** Keys that moto makes or deletes become, or cease to be, keys that the front accepts. */
export function registerAccessKeys({ moto, identities }: OverrideContext): Override {
  return async (request) => {
    if (request.service !== "iam") return undefined;
    if (request.action === "DeleteAccessKey") {
      const response = await moto.forward(request);
      if (response.status === 200) identities.revoke(queryParameters(request).get("AccessKeyId") ?? "");
      return response;
    }
    if (request.action !== "CreateAccessKey") return undefined;
    const response = await moto.forward(request);
    const xml = response.body.toString();
    const field = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(xml)?.[1];
    const [accessKeyId, secretAccessKey, user] = [field("AccessKeyId"), field("SecretAccessKey"), field("UserName")];
    if (accessKeyId === undefined || secretAccessKey === undefined || user === undefined) return response;
    const { account } = request.caller;
    const found = await moto.query({ service: "iam", region: request.region, account }, "GetUser", { UserName: user });
    const text = found.body.toString();
    const arn = /<Arn>([^<]*)</.exec(text)?.[1] ?? `arn:aws:iam::${account}:user/${user}`;
    const userId = /<UserId>([^<]*)</.exec(text)?.[1];
    identities.register(
      { accessKeyId, secretAccessKey },
      { account, arn, ...(userId === undefined ? {} : { userId }) },
    );
    return response;
  };
}
