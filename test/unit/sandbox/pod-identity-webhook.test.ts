import { expect, test } from "vitest";
import { podIdentityPatch } from "../../../sandbox/kube/pod-identity-webhook.ts";

const uri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

test("every container gets the variables and the token, init containers too", () => {
  const patch = podIdentityPatch(
    { spec: { containers: [{ name: "a" }, { name: "b" }], initContainers: [{ name: "c" }] } },
    "eu-west-1",
  );

  expect(patch.map(({ path }) => path)).toEqual([
    "/spec/volumes",
    "/spec/initContainers/0/env",
    "/spec/initContainers/0/volumeMounts",
    "/spec/containers/0/env",
    "/spec/containers/0/volumeMounts",
    "/spec/containers/1/env",
    "/spec/containers/1/volumeMounts",
  ]);
  expect(patch[3]?.value).toEqual([
    { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
    { name: "AWS_DEFAULT_REGION", value: "eu-west-1" },
    { name: "AWS_REGION", value: "eu-west-1" },
    { name: uri, value: "http://169.254.170.23/v1/credentials" },
    {
      name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
      value: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
    },
  ]);
});

test("what the pod has set itself stays, and the rest is kept before what is added", () => {
  const patch = podIdentityPatch(
    {
      spec: {
        volumes: [{ name: "mine" }],
        containers: [
          {
            name: "a",
            env: [{ name: "AWS_REGION", value: "us-west-2" }],
            volumeMounts: [{ name: "mine", mountPath: "/mine" }],
          },
        ],
      },
    },
    "eu-west-1",
  );
  const env = patch.find(({ path }) => path.endsWith("/env"))?.value as { name: string; value: string }[];

  expect(env.filter(({ name }) => name === "AWS_REGION")).toEqual([{ name: "AWS_REGION", value: "us-west-2" }]);
  expect(env.some(({ name }) => name === uri)).toBe(true);
  expect((patch[0]?.value as { name: string }[]).map(({ name }) => name)).toEqual(["mine", "eks-pod-identity-token"]);
});

test("a pod that was mutated before is left as it is", () => {
  const first = podIdentityPatch({ spec: { containers: [{ name: "a" }] } }, "eu-west-1");
  const valueAt = (end: string) => first.find(({ path }) => path.endsWith(end))?.value;
  const mutated = {
    spec: {
      volumes: valueAt("/volumes") as { name: string }[],
      containers: [
        {
          name: "a",
          env: valueAt("/env") as { name: string; value: string }[],
          volumeMounts: valueAt("/volumeMounts") as { name: string; mountPath: string }[],
        },
      ],
    },
  };

  expect(podIdentityPatch(mutated, "eu-west-1")).toEqual([]);
});
