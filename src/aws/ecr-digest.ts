import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { z } from "zod";
import { manifestTypes, type EcrRepository } from "../images/reference.ts";
import { ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

const answerSchema = z.object({
  images: z.array(z.object({ imageId: z.object({ imageDigest: z.string() }) })).default([]),
  failures: z.array(z.object({ failureReason: z.string().default("") })).default([]),
});
const errorSchema = z
  .object({ __type: z.string(), message: z.string().default("") })
  .catch({ __type: "", message: "" });

/**
 * What a tag of a private ECR repository means today. One call needs no client of its own, which is another dependency.
 * Whoever may pull the image may make it: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
 */
export async function readEcrDigest(aws: AwsClients, repository: EcrRepository, tag: string): Promise<string> {
  const { account, region, name } = repository;
  const image = `${name}:${tag} in the ECR registry of account ${account}, region ${region}`;
  const answer = await callEcr(aws, region, {
    registryId: account,
    repositoryName: name,
    imageIds: [{ imageTag: tag }],
    acceptedMediaTypes: manifestTypes,
  });
  const text = await answer.text();
  if (!answer.ok) throw refusal(text, image, answer.status);
  const { images, failures } = answerSchema.parse(JSON.parse(text));
  const digest = images[0]?.imageId.imageDigest;
  if (digest !== undefined) return digest;
  throw new UserError(
    "ImageNotFound",
    `there is no image ${image}: ${failures[0]?.failureReason ?? "no reason given"}`,
    {
      hint: "correct its repository or tag in the configuration, or push it first",
    },
  );
}

async function callEcr(aws: AwsClients, region: string, body: unknown): Promise<Response> {
  const china = region.startsWith("cn-") ? ".cn" : "";
  // The variables that the SDK's own clients look at.
  const endpoint = process.env["AWS_ENDPOINT_URL_ECR"] || process.env["AWS_ENDPOINT_URL"];
  const url = new URL(endpoint || `https://api.ecr.${region}.amazonaws.com${china}`);
  const credentials = await aws.sts.config.credentials();
  const signer = new SignatureV4({ service: "ecr", region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    path: "/",
    headers: {
      host: url.host,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.BatchGetImage",
    },
    body: JSON.stringify(body),
  });
  try {
    return await fetch(url, {
      method: "POST",
      headers: signed.headers,
      body: String(signed.body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch (cause) {
    throw new ToolError("EcrUnreachable", `cannot ask ECR in ${region} for an image's digest`, {
      hint: "check the way to AWS, then run it again",
      output: String((cause as Error).cause ?? cause),
      cause,
    });
  }
}

function refusal(text: string, image: string, status: number): Error {
  const { __type, message } = errorSchema.parse(parseJson(text));
  const code = __type.split("#").at(-1) ?? "";
  if (code === "RepositoryNotFoundException" || code === "ImageNotFoundException") {
    return new UserError("ImageNotFound", `there is no image ${image}`, {
      hint: "correct its repository or tag in the configuration, or push it first",
      output: message,
    });
  }
  return new ToolError("EcrFailed", `AWS did not tell the digest of ${image}`, {
    output: `ECR BatchGetImage: ${code === "" ? `status ${status}` : code}: ${message}`,
    hint: "allow ecr:BatchGetImage to this login, or name the image's digest in the configuration",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
