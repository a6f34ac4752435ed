import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority, loadAuthority, type CertificateAuthority, type CertificateRequest } from "./certificates.ts";

/** Paths of the key material of one control plane. */
export interface Credentials {
  authority: CertificateAuthority;
  /** Clients of the sandbox's own, as kubeconfig files. */
  kubeconfigs: { admin: string; controllerManager: string; scheduler: string };
  admin: { certificate: string; key: string };
  files: {
    authority: string;
    authorityKey: string;
    server: string;
    serverKey: string;
    frontProxyAuthority: string;
    frontProxyClient: string;
    frontProxyClientKey: string;
    etcdAuthority: string;
    etcdServer: string;
    etcdServerKey: string;
    etcdClient: string;
    etcdClientKey: string;
    serviceAccountKey: string;
    loginWebhook: string;
  };
}

export interface CredentialsOptions {
  folder: string;
  cluster: string;
  /** "https://127.0.0.1:PORT" */
  endpoint: string;
  /** First address of the range of Service addresses, which is the API server's own. */
  serviceAddress: string;
  loginWebhookUrl: string;
}

/**
 * Makes every key, certificate and kubeconfig that a control plane starts with. A cluster that was stopped keeps its
 * authority and its key for service accounts, which others have copies or tokens of.
 */
export function writeCredentials(options: CredentialsOptions): Credentials {
  const { folder, cluster, endpoint } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const kept = (name: string) => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  const writePair = (name: string, authority: CertificateAuthority, request: CertificateRequest) => {
    const issued = authority.issue(request);
    return [write(`${name}.crt`, issued.certificate), write(`${name}.key`, issued.key)] as const;
  };

  const [keptCertificate, keptKey] = [kept("ca.crt"), kept("ca.key")];
  const authority =
    keptCertificate !== undefined && keptKey !== undefined
      ? loadAuthority({ certificate: keptCertificate, key: keptKey }, "kubernetes")
      : createAuthority("kubernetes");
  const etcdAuthority = createAuthority("etcd");
  const frontProxy = createAuthority("front-proxy");
  const [server, serverKey] = writePair("server", authority, {
    commonName: "kube-apiserver",
    hosts: [
      "127.0.0.1",
      options.serviceAddress,
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ],
  });
  const [frontProxyClient, frontProxyClientKey] = writePair("front-proxy-client", frontProxy, {
    commonName: "front-proxy-client",
  });
  const [etcdServer, etcdServerKey] = writePair("etcd-server", etcdAuthority, {
    commonName: "etcd",
    hosts: ["127.0.0.1"],
  });
  const [etcdClient, etcdClientKey] = writePair("etcd-client", etcdAuthority, { commonName: "kube-apiserver" });

  const kubeconfigFor = (name: string, request: CertificateRequest) => {
    const { certificate, key } = authority.issue(request);
    const kubeconfig = clientKubeconfig({ cluster, endpoint, authority: authority.certificate, certificate, key });
    return { path: write(`${name}.kubeconfig`, kubeconfig), certificate, key };
  };
  const admin = kubeconfigFor("admin", { commonName: "sandbox-admin", organizations: ["system:masters"] });

  return {
    authority,
    admin,
    kubeconfigs: {
      admin: admin.path,
      controllerManager: kubeconfigFor("controller-manager", { commonName: "system:kube-controller-manager" }).path,
      scheduler: kubeconfigFor("scheduler", { commonName: "system:kube-scheduler" }).path,
    },
    files: {
      authority: write("ca.crt", authority.certificate),
      authorityKey: write("ca.key", authority.key),
      server,
      serverKey,
      frontProxyAuthority: write("front-proxy-ca.crt", frontProxy.certificate),
      frontProxyClient,
      frontProxyClientKey,
      etcdAuthority: write("etcd-ca.crt", etcdAuthority.certificate),
      etcdServer,
      etcdServerKey,
      etcdClient,
      etcdClientKey,
      serviceAccountKey: write("service-account.key", kept("service-account.key") ?? generateServiceAccountKey()),
      loginWebhook: write("login-webhook.kubeconfig", webhookKubeconfig(options.loginWebhookUrl)),
    },
  };
}

function generateServiceAccountKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** JSON is YAML too. */
function clientKubeconfig(content: {
  cluster: string;
  endpoint: string;
  authority: string;
  certificate: string;
  key: string;
}): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const { cluster: name } = content;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: "client" } }],
    clusters: [
      { name, cluster: { server: content.endpoint, "certificate-authority-data": base64(content.authority) } },
    ],
    users: [
      {
        name: "client",
        user: { "client-certificate-data": base64(content.certificate), "client-key-data": base64(content.key) },
      },
    ],
  });
}

function webhookKubeconfig(url: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "webhook",
    contexts: [{ name: "webhook", context: { cluster: "webhook", user: "" } }],
    clusters: [{ name: "webhook", cluster: { server: url } }],
  });
}
