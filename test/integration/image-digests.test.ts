import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { readEcrDigest } from "../../src/aws/ecr-digest.ts";
import { resolveDigest } from "../../src/images/resolve-digest.ts";
import { digestOf, indexType, startImageRegistry } from "../helpers/image-registry.ts";

const manifest = '{"schemaVersion":2,"manifests":[]}';
const manifests = { "team/user:1.0": manifest };

async function registry(behaviour: Partial<Parameters<typeof startImageRegistry>[0]> = {}) {
  const started = await startImageRegistry({ manifests, ...behaviour });
  onTestFinished(() => started.close());
  const resolve = (tag = "1.0", options = {}) =>
    resolveDigest({ repository: `${started.host}/team/user`, tag }, options);
  return { ...started, resolve };
}

describe("what a tag means today", () => {
  it("is asked with a token that the registry gives to anybody, and without pulling", async () => {
    const { resolve, requests } = await registry();
    expect(await resolve()).toBe(digestOf(manifest));
    expect(requests).toEqual([
      "HEAD /v2/team/user/manifests/1.0",
      "GET /token?service=registry.test&scope=repository%3Ateam%2Fuser%3Apull",
      expect.stringMatching(/^HEAD \/v2\/team\/user\/manifests\/1\.0 Bearer \S+$/),
    ]);
  });

  it("is asked without a token where none is wanted", async () => {
    const { resolve, requests } = await registry({ login: "none" });
    expect(await resolve()).toBe(digestOf(manifest));
    expect(requests).toEqual(["HEAD /v2/team/user/manifests/1.0"]);
  });

  it("is computed where the registry does not name it", async () => {
    const { resolve } = await registry({ namesDigest: false });
    expect(await resolve()).toBe(digestOf(manifest));
  });

  it("is found behind a redirect, which does not get the token if it leads to another host", async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { "docker-content-digest": digestOf(manifest) }).end();
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { resolve } = await registry({
      override(request, response) {
        if (request.headers.authorization === undefined) return false;
        response.writeHead(307, { location: `http://localhost:${port}/blob` }).end();
        return true;
      },
    });
    expect(await resolve()).toBe(digestOf(manifest));
    expect(seen).toEqual([undefined]);
  });
});

describe("a registry that does not tell the digest", () => {
  const answering = (status: number, headers: Record<string, string> = {}) =>
    registry({
      override(_, response) {
        response.writeHead(status, headers).end();
        return true;
      },
    });

  it("has no such tag", async () => {
    const { resolve, host } = await registry();
    await expect(resolve("2.0")).rejects.toMatchObject({
      code: "ImageNotFound",
      exitCode: 2,
      message: `there is no image ${host}/team/user:2.0 (says ${host})`,
    });
  });

  it.each(["denied", "basic"] as const)("wants a login that is not there (%s)", async (login) => {
    const { resolve } = await registry({ login });
    await expect(resolve()).rejects.toMatchObject({
      code: "ImagePrivate",
      exitCode: 2,
      hint: expect.stringContaining("image.digest") as string,
    });
  });

  it("does not show the image to the token either", async () => {
    const { resolve } = await registry({
      override(request, response) {
        if (request.headers.authorization === undefined) return false;
        response.writeHead(403).end();
        return true;
      },
    });
    await expect(resolve()).rejects.toMatchObject({ code: "ImagePrivate" });
  });

  it("names no token service that can be asked", async () => {
    const { resolve } = await answering(401, { "www-authenticate": 'Bearer realm="not a url"' });
    await expect(resolve()).rejects.toMatchObject({ code: "ImagePrivate" });
  });

  it.each([
    [429, "RegistryBusy"],
    [503, "RegistryFailed"],
  ])("answers %i: %s", async (status, code) => {
    const { resolve } = await answering(status);
    await expect(resolve()).rejects.toMatchObject({ code, exitCode: 1 });
  });

  it("gives nonsense for a digest", async () => {
    const { resolve } = await answering(200, { "docker-content-digest": "md5:1" });
    await expect(resolve()).rejects.toMatchObject({ code: "DigestUnknown" });
  });

  it("never answers", async () => {
    const { resolve, host } = await registry({ override: () => true });
    await expect(resolve("1.0", { timeoutSeconds: 0.2 })).rejects.toMatchObject({
      code: "RegistryUnreachable",
      message: `cannot ask ${host} for the digest of ${host}/team/user:1.0: no answer within 0.2 s`,
    });
  });

  it("is not there", async () => {
    const gone = await registry();
    await gone.close();
    await expect(gone.resolve()).rejects.toMatchObject({
      code: "RegistryUnreachable",
      message: expect.stringContaining("ECONNREFUSED") as string,
    });
  });
});

describe("a private ECR repository", () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a secret key", sessionToken: "a session" };
  const repository = { account: "123456789012", region: "us-west-2", name: "hub/user" };

  /** ECR's API, as far as it is needed: it looks at the signature. */
  async function ecr(status: number, answer: unknown) {
    const received: { target: string | undefined; body: unknown; isSigned: boolean }[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const { authorization = "", host = "" } = request.headers;
        const [, names = ""] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
        const headers = Object.fromEntries(names.split(";").map((name) => [name, String(request.headers[name])]));
        const date = String(request.headers["x-amz-date"]).replace(/(....)(..)(..T..)(..)(..Z)/, "$1-$2-$3:$4:$5");
        const signer = new SignatureV4({ service: "ecr", region: "us-west-2", credentials, sha256: Sha256 });
        const unsigned = { method: "POST", protocol: "http:", hostname: host, path: "/", headers, body };
        void signer.sign(unsigned, { signingDate: new Date(date) }).then((signed) => {
          const isSigned = signed.headers["authorization"] === authorization;
          received.push({ target: String(request.headers["x-amz-target"]), body: JSON.parse(body), isSigned });
          response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    vi.stubEnv("AWS_ENDPOINT_URL_ECR", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey);
    vi.stubEnv("AWS_SESSION_TOKEN", credentials.sessionToken);
    onTestFinished(() => void vi.unstubAllEnvs());
    return { received, read: () => readEcrDigest(createClients("us-east-2"), repository, "1.0") };
  }

  it("is asked through AWS, with the login of the run and in the repository's region", async () => {
    const digest = digestOf("image");
    const { received, read } = await ecr(200, { images: [{ imageId: { imageDigest: digest, imageTag: "1.0" } }] });
    expect(await read()).toBe(digest);
    expect(received).toEqual([
      {
        target: "AmazonEC2ContainerRegistry_V20150921.BatchGetImage",
        body: {
          registryId: "123456789012",
          repositoryName: "hub/user",
          imageIds: [{ imageTag: "1.0" }],
          acceptedMediaTypes: expect.arrayContaining([indexType]) as string[],
        },
        isSigned: true,
      },
    ]);
  });

  it("has no such tag, or is not there", async () => {
    const failures = [{ failureCode: "ImageNotFound", failureReason: "Requested image not found" }];
    const missingTag = await ecr(200, { images: [], failures });
    await expect(missingTag.read()).rejects.toMatchObject({ code: "ImageNotFound", exitCode: 2 });
    const missing = await ecr(400, { __type: "RepositoryNotFoundException", message: "The repository …" });
    await expect(missing.read()).rejects.toMatchObject({ code: "ImageNotFound", exitCode: 2 });
  });

  it("may not be read with this login", async () => {
    const { read } = await ecr(400, { __type: "AccessDeniedException", message: "User … is not authorized" });
    await expect(read()).rejects.toMatchObject({
      code: "EcrFailed",
      output: "ECR BatchGetImage: AccessDeniedException: User … is not authorized",
      hint: expect.stringContaining("ecr:BatchGetImage") as string,
    });
  });
});
