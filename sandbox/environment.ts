import { delimiter, join } from "node:path";
import { SandboxError } from "./errors.ts";
import type { SandboxState } from "./state.ts";

/** Files of a sandbox's folder that its environment names. */
export const sandboxFiles = {
  programs: "bin",
  charts: "charts",
  terraformConfig: "terraform.rc",
  awsConfig: "aws/config",
  awsCredentials: "aws/credentials",
} as const;

/** What would lead an AWS client past the sandbox. */
const cleared = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_SESSION_TOKEN",
  "AWS_SECURITY_TOKEN",
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
  "https_proxy",
  "no_proxy",
];

export interface SandboxEnvironment {
  set: Record<string, string>;
  unset: string[];
}

type Caller = Readonly<Record<string, string | undefined>>;

/** The environment in which hubctl and every other AWS client use the sandbox. */
export function sandboxEnvironment(dir: string, state: SandboxState, caller: Caller): SandboxEnvironment {
  const { endpoint, operator, certificateArn, region, publicSide } = state;
  if (endpoint === undefined || operator === undefined) throw new SandboxError(`sandbox ${state.name} is not ready`);
  const noProxy = [...new Set(["127.0.0.1", "localhost", ...(caller["NO_PROXY"] ?? "").split(",")])].filter(Boolean);
  const programs = join(dir, sandboxFiles.programs);
  const path = withoutNpm((caller["PATH"] ?? "").split(delimiter)).filter((folder) => folder !== programs);
  const demoSecrets = {
    TF_VAR_github_client_id: "demo-client-id",
    TF_VAR_github_client_secret: "demo-client-secret",
    TF_VAR_aws_certificate_arn: certificateArn ?? "",
  };
  return {
    set: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: join(dir, sandboxFiles.awsConfig),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, sandboxFiles.awsCredentials),
      PATH: [programs, ...path].join(delimiter),
      TF_CLI_CONFIG_FILE: join(dir, sandboxFiles.terraformConfig),
      HUBCTL_CHART_MIRROR: join(dir, sandboxFiles.charts),
      ...(publicSide && {
        HUBCTL_DNS_SERVER: publicSide.dns,
        HTTPS_PROXY: publicSide.proxy,
        NO_PROXY: noProxy.join(","),
        NODE_EXTRA_CA_CERTS: publicSide.authority,
      }),
      ...Object.fromEntries(Object.entries(demoSecrets).map(([name, value]) => [name, caller[name] || value])),
    },
    unset: [...cleared, ...Object.keys(caller).filter((name) => name.startsWith("AWS_ENDPOINT_URL_"))],
  };
}

/** npm puts folders of its own in front for the scripts that it runs, which the shell outside does not have. */
function withoutNpm(path: readonly string[]): string[] {
  const first = path.findIndex((folder) => !/node_modules\/\.bin$|\/node-gyp-bin$/.test(folder));
  return first === -1 ? [] : path.slice(first);
}

/** Lines for a POSIX shell's eval. */
export function shellLines({ set, unset }: SandboxEnvironment): string[] {
  return [
    ...unset.map((name) => `unset ${name}`),
    ...Object.entries(set).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
  ];
}
