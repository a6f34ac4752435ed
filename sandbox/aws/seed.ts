import type { Identities, IssuedCredentials } from "./identities.ts";
import { MotoClient } from "./moto-client.ts";
import type { AwsResponse } from "./types.ts";

export interface SeedOptions {
  /** "http://127.0.0.1:PORT" of moto. */
  moto: string;
  account: string;
  region: string;
  identities: Identities;
}

/** What an operator's account holds before the first install. */
export interface Seeded {
  operator: IssuedCredentials & { arn: string };
  /** Somebody with another account. */
  stranger: IssuedCredentials;
  hostedZoneId: string;
  /** Of hub.dandi.example and *.dandi.example, issued. */
  certificateArn: string;
}

const seededZone = "dandi.example";
const otherAccount = "210987654321";

export async function seedAccount({ moto: endpoint, account, region, identities }: SeedOptions): Promise<Seeded> {
  const moto = new MotoClient(endpoint);
  const iam = { service: "iam", region: "us-east-1", account };
  try {
    const user = accepted(await moto.query(iam, "CreateUser", { UserName: "operator" }));
    const policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    accepted(await moto.query(iam, "AttachUserPolicy", { UserName: "operator", PolicyArn: policy }));
    const arn = `arn:aws:iam::${account}:user/operator`;
    const userId = /<UserId>([^<]*)</.exec(user)?.[1];
    const operator = { arn, ...identities.issue({ account, arn, ...(userId === undefined ? {} : { userId }) }) };
    const stranger = identities.issue({ account: otherAccount, arn: `arn:aws:iam::${otherAccount}:user/stranger` });
    const hostedZoneId = await createZone(moto, account);
    const certificate = accepted(
      await moto.json({ service: "acm", region, account }, "CertificateManager.RequestCertificate", {
        DomainName: `hub.${seededZone}`,
        SubjectAlternativeNames: [`*.${seededZone}`],
        ValidationMethod: "DNS",
      }),
    );
    const { CertificateArn: certificateArn } = JSON.parse(certificate) as { CertificateArn: string };
    return { operator, stranger, hostedZoneId, certificateArn };
  } finally {
    moto.stop();
  }
}

async function createZone(moto: MotoClient, account: string): Promise<string> {
  const scope = "AKIAIOSFODNN7EXAMPLE/20261101/us-east-1/route53/aws4_request";
  const body =
    `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">` +
    `<Name>${seededZone}</Name><CallerReference>seed</CallerReference></CreateHostedZoneRequest>`;
  const answer = accepted(
    await moto.send({
      method: "POST",
      url: "/2013-04-01/hostedzone",
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
        "content-type": "text/xml",
      },
      body,
      account,
    }),
  );
  return /<Id>\/hostedzone\/([^<]*)</.exec(answer)?.[1] ?? "";
}

function accepted(response: AwsResponse): string {
  const text = response.body.toString();
  if (response.status >= 300) throw new Error(`moto refused a call of the seed (${response.status}): ${text}`);
  return text;
}
