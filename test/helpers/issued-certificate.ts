import { ACMClient, DescribeCertificateCommand, RequestCertificateCommand } from "@aws-sdk/client-acm";
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";
import { eventually } from "./eventually.ts";
import type { AwsSettings } from "./plant-orphans.ts";

/** A certificate that a listener takes, and a hosted zone of the domain's own that proves it; gives its ARN. */
export async function issueCertificate(settings: AwsSettings, domain: string): Promise<string> {
  const acm = new ACMClient(settings);
  const route53 = new Route53Client(settings);
  const { HostedZone: zone } = await route53.send(
    new CreateHostedZoneCommand({ Name: domain, CallerReference: domain }),
  );
  const { CertificateArn } = await acm.send(
    new RequestCertificateCommand({ DomainName: domain, ValidationMethod: "DNS" }),
  );
  const describe = async () => (await acm.send(new DescribeCertificateCommand({ CertificateArn }))).Certificate ?? {};
  const { Name, Type, Value } = await eventually(
    "the record that proves the domain",
    async () => (await describe()).DomainValidationOptions?.[0]?.ResourceRecord,
  );
  const ResourceRecordSet = { Name, Type, TTL: 300, ResourceRecords: [{ Value }] };
  const ChangeBatch = { Changes: [{ Action: "CREATE" as const, ResourceRecordSet }] };
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone!.Id!, ChangeBatch }));
  await eventually("the certificate", async () => (await describe()).Status === "ISSUED");
  acm.destroy();
  route53.destroy();
  return CertificateArn!;
}
