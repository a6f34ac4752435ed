import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/errors.ts";
import { hub } from "../../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../../src/releases/inputs.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

interface Values {
  hub: { config: Record<string, Record<string, unknown>>; loadRoles: unknown; db: { pvc: unknown } };
  proxy: { https: unknown; service: { annotations: Record<string, string> } & Record<string, unknown> };
  singleuser: { image: unknown; storage: unknown } & Record<string, unknown>;
  scheduling: unknown;
  prePuller: unknown;
}

const values = (inputs: ReleaseInputs) => hub.values(inputs) as unknown as Values;
const passwords = { userPassword: "eight or more", adminPassword: "thirty-two characters or even more" };
const sharedPassword = (auth: Partial<ReleaseInputs["config"]["auth"]> = {}) =>
  releaseInputs({ config: { auth: { method: "shared-password", ...auth } }, secrets: passwords });

test("equal inputs give equal text", () => {
  expect(JSON.stringify(hub.values(releaseInputs()))).toBe(JSON.stringify(hub.values(releaseInputs())));
});

test("the order and repetition of names change nothing", () => {
  const one = releaseInputs({ config: { auth: { admins: ["b", "a"], allowedUsers: ["d", "c", "d"] } } });
  const other = releaseInputs({ config: { auth: { admins: ["a", "b", "a"], allowedUsers: ["c", "d"] } } });
  expect(hub.values(one)).toEqual(hub.values(other));
});

describe("login", () => {
  test("GitHub users are let in by name, and the hub knows its public address", () => {
    const { config } = values(releaseInputs()).hub;
    expect(config["JupyterHub"]).toEqual({
      authenticator_class: "github",
      public_url: "https://hub.example.org/",
      cookie_secret: "a".repeat(64),
    });
    expect(config["CryptKeeper"]).toEqual({ keys: ["b".repeat(64)] });
    expect(config["ConfigurableHTTPProxy"]).toEqual({ auth_token: "c".repeat(64) });
    expect(config["Authenticator"]).toEqual({
      allow_all: false,
      allowed_users: ["ada", "grace", "linus"],
      allow_existing_users: false,
    });
    expect(config["GitHubOAuthenticator"]).toEqual({
      client_id: "github-client-id",
      client_secret: "github-client-secret",
      oauth_callback_url: "https://hub.example.org/hub/oauth_callback",
      allowed_organizations: [],
      scope: [],
      enable_auth_state: true,
    });
  });

  test("an organisation's members need the scope that shows membership", () => {
    const inputs = releaseInputs({ config: { auth: { allowedOrganizations: ["archive:staff", "archive"] } } });
    expect(values(inputs).hub.config["GitHubOAuthenticator"]).toMatchObject({
      allowed_organizations: ["archive", "archive:staff"],
      scope: ["read:org"],
    });
  });

  test("the members of the admin role are exactly the admins, so that who leaves the list loses the right", () => {
    expect(values(releaseInputs()).hub.loadRoles).toEqual({ admin: { users: ["ada", "grace"] } });
    const nobody = values(releaseInputs({ config: { auth: { admins: [] } } })).hub;
    expect(nobody.loadRoles).toEqual({ admin: { users: [] } });
  });

  test("with GitHub nobody becomes an admin by the additive list", () => {
    const { config } = values(releaseInputs()).hub;
    expect(JSON.stringify(config)).not.toContain("admin_users");
  });

  test("with shared passwords an admin can't log in with the users' password", () => {
    const { config, loadRoles } = values(sharedPassword()).hub;
    expect(config["JupyterHub"]).toMatchObject({ authenticator_class: "shared-password" });
    expect(config["SharedPasswordAuthenticator"]).toEqual({
      user_password: passwords.userPassword,
      admin_password: passwords.adminPassword,
      admin_users: ["ada", "grace"],
    });
    expect(config["GitHubOAuthenticator"]).toBeUndefined();
    expect(loadRoles).toEqual({ admin: { users: ["ada", "grace"] } });
  });

  test("with shared passwords the hub's configuration closes the way round by upper case, and only then", () => {
    const extraConfig = (inputs: ReleaseInputs) =>
      (values(inputs).hub as unknown as { extraConfig: object }).extraConfig;
    expect(Object.keys(extraConfig(sharedPassword()))).toEqual(["admins-need-admin-password"]);
    expect(extraConfig(releaseInputs())).toEqual({});
  });

  test("without admins no password for admins is needed or passed on", () => {
    const inputs = { ...sharedPassword({ admins: [] }), secrets: { userPassword: passwords.userPassword } };
    expect(values(inputs).hub.config["SharedPasswordAuthenticator"]).toEqual({
      user_password: passwords.userPassword,
      admin_users: [],
    });
  });

  test.each([
    ["GitHub client id", releaseInputs({ secrets: { githubClientSecret: "x" } })],
    ["GitHub client secret", releaseInputs({ secrets: { githubClientId: "x", githubClientSecret: "" } })],
    ["password for users", { ...sharedPassword(), secrets: { adminPassword: passwords.adminPassword } }],
    ["password for admins", { ...sharedPassword(), secrets: { userPassword: passwords.userPassword } }],
  ])("a missing %s is an error, not an empty value", (what, inputs) => {
    expect(() => hub.values(inputs)).toThrow(UserError);
    expect(() => hub.values(inputs)).toThrow(what);
  });
});

describe("load balancer", () => {
  test("it is a network load balancer with TLS on 443 only, in the named subnets, before the core nodes", () => {
    const prefix = "service.beta.kubernetes.io/aws-load-balancer-";
    const { https, service } = values(releaseInputs()).proxy;
    expect(https).toEqual({ enabled: true, type: "offload", hosts: ["hub.example.org"] });
    expect(service).toMatchObject({
      type: "LoadBalancer",
      disableHttpPort: true,
      loadBalancerSourceRanges: ["192.0.2.0/24"],
      ipFamilyPolicy: "SingleStack",
    });
    expect(service.annotations).toEqual({
      [`${prefix}type`]: "nlb",
      [`${prefix}subnets`]: "subnet-0ccc,subnet-0ddd",
      [`${prefix}target-node-labels`]: "hub.jupyter.org/node-purpose=core",
      [`${prefix}cross-zone-load-balancing-enabled`]: "true",
      [`${prefix}ssl-cert`]: "arn:aws:acm:us-east-2:123456789012:certificate/0d3a6bd4-0000-4000-8000-000000000000",
      [`${prefix}ssl-ports`]: "https",
      [`${prefix}ssl-negotiation-policy`]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      [`${prefix}backend-protocol`]: "tcp",
      [`${prefix}healthcheck-protocol`]: "http",
      [`${prefix}healthcheck-path`]: "/_chp_healthz",
      [`${prefix}healthcheck-interval`]: "10",
      [`${prefix}additional-resource-tags`]:
        "Project=archive,hubctl:deployment=dandihub,hubctl:id=3f1c9a52,hubctl:stack=cluster",
    });
  });

  test("a tag that the annotation can't hold is left out rather than cut in two", () => {
    const tags = { Team: "a,b", "k=v": "x", Purpose: "hack week" };
    const inputs = releaseInputs({ config: { aws: { region: "us-east-2", rolePath: "/", tags } } });
    const annotation = "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags";
    expect(values(inputs).proxy.service.annotations[annotation]).toBe(
      "Purpose=hack week,hubctl:deployment=dandihub,hubctl:id=3f1c9a52,hubctl:stack=cluster",
    );
  });

  test("nobody can hide whose it is by a tag of their own", () => {
    const tags = { "hubctl:id": "another" };
    const inputs = releaseInputs({ config: { aws: { region: "us-east-2", rolePath: "/", tags } } });
    expect(JSON.stringify(values(inputs).proxy)).not.toContain("another");
  });
});

describe("users' servers", () => {
  test("homes and the shared folder are the platform chart's claims", () => {
    expect(values(releaseInputs()).singleuser.storage).toEqual({
      type: "static",
      static: { pvcName: "home", subPath: "{escaped_username}" },
      extraVolumes: { shared: { name: "shared", persistentVolumeClaim: { claimName: "shared" } } },
      extraVolumeMounts: { shared: { name: "shared", mountPath: "/shared" } },
    });
  });

  test("they are sized as configured, run without a privileged container, and keep their node", () => {
    expect(values(releaseInputs()).singleuser).toMatchObject({
      cpu: { guarantee: 0.5, limit: 2 },
      memory: { guarantee: "1G", limit: "8G" },
      cloudMetadata: { blockWithIptables: false },
      extraAnnotations: { "karpenter.sh/do-not-disrupt": "true" },
    });
  });

  test.each([
    ["latest", "Always"],
    ["main", "Always"],
    ["stable-v2", "Always"],
    ["python-3.12", "IfNotPresent"],
    ["2026-08-31", "IfNotPresent"],
    ["20260831", "IfNotPresent"],
    ["4f0c1de9", "IfNotPresent"],
    ["feedface", "Always"],
    [`latest@sha256:${"0".repeat(64)}`, "IfNotPresent"],
  ])("the image tag %s is pulled %s", (tag, pullPolicy) => {
    const inputs = releaseInputs({ config: { image: { repository: "example/notebook", tag } } });
    expect(values(inputs).singleuser.image).toEqual({ name: "example/notebook", tag, pullPolicy });
  });
});

test("the hub's accounts outlive the release, and nothing waits for images or places users but Karpenter", () => {
  const { hub: pod, scheduling, prePuller } = values(releaseInputs());
  expect(pod.db.pvc).toEqual({
    annotations: { "helm.sh/resource-policy": "keep" },
    storageClassName: "gp3",
    storage: "10Gi",
  });
  expect(scheduling).toEqual({
    userScheduler: { enabled: false },
    userPlaceholder: { enabled: false },
    corePods: { nodeAffinity: { matchNodePurpose: "require" } },
    userPods: { nodeAffinity: { matchNodePurpose: "require" } },
  });
  expect(prePuller).toEqual({ hook: { enabled: false }, continuous: { enabled: false } });
});
