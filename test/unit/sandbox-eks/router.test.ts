import { expect, it } from "vitest";
import { notFound } from "../../../sandbox/aws/eks/errors.ts";
import { answer, paginate, type Call, type Operation } from "../../../sandbox/aws/eks/router.ts";
import type { AwsRequest } from "../../../sandbox/aws/types.ts";

const calls: Call[] = [];
const operations: Operation[] = [
  {
    name: "DescribeAccessEntry",
    method: "GET",
    path: "/clusters/{name}/access-entries/{principalArn}",
    run: (call) => {
      calls.push(call);
      return { ok: true };
    },
  },
  {
    name: "DescribeCluster",
    method: "GET",
    path: "/clusters/{name}",
    run: () => {
      throw notFound("No cluster found for name: x.", { clusterName: "x" });
    },
  },
];

function request(method: string, path: string, body = ""): AwsRequest {
  return {
    method,
    path,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(body),
    service: "eks",
    region: "us-east-2",
    action: undefined,
    caller: { account: "123456789012", arn: "arn:aws:iam::123456789012:user/operator", userId: "AIDA" },
  };
}

it("decodes the ARN in a path as one part", async () => {
  const response = await answer(
    operations,
    request("GET", "/clusters/demo/access-entries/arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Fname"),
  );
  expect(response.status).toBe(200);
  expect(calls.at(-1)?.params).toEqual({ name: "demo", principalArn: "arn:aws:iam::123456789012:role/path/name" });
});

it("answers a refusal in the form of AWS", async () => {
  expect(await answer(operations, request("GET", "/clusters/x"))).toEqual({
    status: 404,
    headers: { "content-type": "application/json", "x-amzn-errortype": "ResourceNotFoundException" },
    body: JSON.stringify({ clusterName: "x", message: "No cluster found for name: x." }),
  });
});

it.each([
  ["an operation that is not implemented", "POST", "/clusters/x/fargate-profiles", "", /CreateFargateProfile/],
  ["a path that EKS does not have", "GET", "/nothing", "", /no operation at GET \/nothing/],
  ["a body that is no JSON", "GET", "/clusters/x/access-entries/y", "{", /not valid JSON/],
  ["a path that can't be decoded", "GET", "/clusters/%E0%A4%A", "", /Malformed path/],
])("refuses %s with a 400 that says so", async (_, method, path, body, message) => {
  const response = await answer(operations, request(method, path, body));
  expect(response.status).toBe(400);
  expect(String(response.body)).toMatch(message);
});

it("gives lists in pages", () => {
  const items = ["a", "b", "c"];
  const first = paginate(items, { maxResults: "2" });
  expect(first.items).toEqual(["a", "b"]);
  expect(paginate(items, { maxResults: "2", nextToken: first.nextToken })).toEqual({ items: ["c"] });
  expect(() => paginate(items, { maxResults: "0" })).toThrow(/maxResults/);
  expect(() => paginate(items, { nextToken: "?" })).toThrow(/nextToken/);
});
