import { errorAnswer, jsonAnswer } from "../answers.ts";
import { optimizedAmiParameters } from "../eks/versions.ts";
import { jsonParameters } from "../received.ts";
import type { Override } from "../received.ts";

const root = "/aws/service/eks/optimized-ami/";

/** The public parameters of EKS' node images: moto has none below this path and lets nobody write them. */
export function answerNodeImageParameters(): Override {
  const values = new Map(optimizedAmiParameters().map(({ name, value }) => [name, value]));
  const parameter = (name: string, region: string) => ({
    ARN: `arn:aws:ssm:${region}::parameter${name}`,
    DataType: "text",
    LastModifiedDate: 1_762_732_800,
    Name: name,
    Type: "String",
    Value: values.get(name) ?? "",
    Version: 1,
  });
  const answer = (value: unknown) => jsonAnswer(value, 200, "application/x-amz-json-1.1");

  return (request) => {
    if (request.service !== "ssm") return Promise.resolve(undefined);
    const { Name: name, Names: names, Path: path } = jsonParameters(request) as Partial<Record<string, unknown>>;
    if (request.action === "GetParameter" && typeof name === "string" && name.startsWith(root)) {
      return Promise.resolve(
        values.has(name)
          ? answer({ Parameter: parameter(name, request.region) })
          : errorAnswer(request, 400, "ParameterNotFound", ""),
      );
    }
    if (
      request.action === "GetParameters" &&
      Array.isArray(names) &&
      names.every((one) => String(one).startsWith(root))
    ) {
      const [known, unknown] = [true, false].map((is) => names.map(String).filter((one) => values.has(one) === is));
      return Promise.resolve(
        answer({
          Parameters: known?.map((one) => parameter(one, request.region)),
          InvalidParameters: unknown,
        }),
      );
    }
    if (request.action === "GetParametersByPath" && typeof path === "string" && `${path}/`.startsWith(root)) {
      const below = [...values.keys()].filter((one) => one.startsWith(`${path.replace(/\/$/, "")}/`));
      return Promise.resolve(answer({ Parameters: below.map((one) => parameter(one, request.region)) }));
    }
    return Promise.resolve(undefined);
  };
}
