import type { Override } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

const actions = new Set(["DescribeInstanceTypes", "DescribeInstanceTypeOfferings"]);

/**
 * What instance types there are never changes, and moto takes seconds to say it: the first answer is given again. Each
 * replica of Karpenter asks for all of them when it starts.
 */
export function rememberInstanceTypes({ moto, notes }: OverrideContext): Override {
  const answers = notes.map("instance-types");
  const underWay = new Map<string, Promise<AwsResponse>>();
  return async (request) => {
    if (request.service !== "ec2" || !actions.has(request.action ?? "")) return undefined;
    const key = `${request.region} ${request.body.toString("utf8")}`;
    const known = answers.get(key);
    if (known !== undefined) return { status: 200, headers: { "content-type": "text/xml" }, body: known };
    const asking = underWay.get(key) ?? moto.forward(request);
    underWay.set(key, asking);
    try {
      const response = await asking;
      if (response.status === 200) answers.set(key, response.body.toString());
      return response;
    } finally {
      underWay.delete(key);
    }
  };
}
