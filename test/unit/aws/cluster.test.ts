import { expect, test } from "vitest";
import { hubctlToken, kubeconfigFor, refuseForeignCluster } from "../../../src/aws/cluster.ts";

test("a cluster with this deployment's id is ours", () => {
  expect(() => refuseForeignCluster({ name: "dandihub", tags: { "hubctl:id": "abc" } }, "abc")).not.toThrow();
});

test("no cluster of that name is fine", () => {
  expect(() => refuseForeignCluster(undefined, undefined)).not.toThrow();
});

test.each([
  { tags: {}, id: "abc", says: "carries no hubctl:id tag, not abc" },
  { tags: {}, id: undefined, says: "this deployment has not been installed yet" },
  { tags: { "hubctl:id": "xyz" }, id: "abc", says: "belongs to the deployment with hubctl:id xyz, not abc" },
])("a cluster of the same name with the tags $tags is refused by deployment $id", ({ tags, id, says }) => {
  const cluster = { name: "dandihub", tags };
  expect(() => refuseForeignCluster(cluster, id)).toThrow(says);
});

test("the kubeconfig holds no secret and runs hubctl for a token", () => {
  const access = { name: "dandihub", region: "us-east-2", endpoint: "https://api", certificateAuthority: "Q0E=" };
  expect(kubeconfigFor(access, hubctlToken(["/node", "/hubctl.js"], access))).toMatchInlineSnapshot(`
    {
      "apiVersion": "v1",
      "clusters": [
        {
          "cluster": {
            "certificate-authority-data": "Q0E=",
            "server": "https://api",
          },
          "name": "hubctl-dandihub",
        },
      ],
      "contexts": [
        {
          "context": {
            "cluster": "hubctl-dandihub",
            "user": "hubctl-dandihub",
          },
          "name": "hubctl-dandihub",
        },
      ],
      "current-context": "hubctl-dandihub",
      "kind": "Config",
      "users": [
        {
          "name": "hubctl-dandihub",
          "user": {
            "exec": {
              "apiVersion": "client.authentication.k8s.io/v1",
              "args": [
                "/hubctl.js",
                "token",
                "--cluster",
                "dandihub",
                "--region",
                "us-east-2",
              ],
              "command": "/node",
              "interactiveMode": "Never",
              "provideClusterInfo": false,
            },
          },
        },
      ],
    }
  `);
});

test("the kubeconfig names profile and role, so that it works in any shell", () => {
  const access = { name: "dandihub", region: "us-east-2", endpoint: "https://api", certificateAuthority: "Q0E=" };
  const login = { profile: "observatory", assumeRole: "arn:aws:iam::123456789012:role/architect" };
  expect(kubeconfigFor(access, hubctlToken(["/node"], access, login))).toMatchObject({
    users: [
      {
        user: {
          exec: {
            args: [
              "token",
              "--cluster",
              "dandihub",
              "--region",
              "us-east-2",
              "--profile",
              "observatory",
              "--assume-role",
              "arn:aws:iam::123456789012:role/architect",
            ],
          },
        },
      },
    ],
  });
});
