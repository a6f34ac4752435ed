import { jsonAnswer } from "../answers.ts";
import type { Override } from "../received.ts";

/** No price list: Karpenter then goes on with the prices that it was built with. */
export function answerPricing(): Override {
  return (request) =>
    Promise.resolve(
      request.service === "pricing" && request.action === "GetProducts"
        ? jsonAnswer({ FormatVersion: "aws_v1", PriceList: [] }, 200, "application/x-amz-json-1.1")
        : undefined,
    );
}
