import { z } from "zod";
import { certificateName } from "../rules/aws.ts";
import { kubernetesName } from "../rules/servers.ts";
import { line, obeying, type Context } from "./fields.ts";

interface OwnForm {
  secret?: string;
  keyFile?: string;
  chainFile?: string;
}

const ownSchema = z
  .strictObject({
    secret: obeying(kubernetesName)
      .exactOptional()
      .describe(
        "Name of a Kubernetes secret of type `kubernetes.io/tls` in the hub's namespace; hubctl looks at it and never changes it",
      ),
    keyFile: line()
      .exactOptional()
      .describe(
        "PEM file of one's own private key, beside the hub.yaml or anywhere else; never copied, keep it out of Git",
      ),
    chainFile: line()
      .exactOptional()
      .describe("PEM file of the certificate and, behind it, of those between it and its root"),
  })
  .superRefine(checkForm)
  .transform(({ secret, keyFile = "", chainFile = "" }) =>
    secret === undefined ? { keyFile, chainFile } : { secret },
  );

/** How the hub proves its name. */
export const certificateSchema = z
  .union([obeying(certificateName), ownSchema])
  .default("auto")
  .describe(
    "`auto` (one of AWS's own, requested and renewed without further ado), the ARN of an ACM certificate in the same region and account, or a group for one's own. The ARN may come from `HUBCTL_CERTIFICATE_ARN` or `TF_VAR_aws_certificate_arn` instead",
  );

function checkForm({ secret, keyFile, chainFile }: OwnForm, context: Context): void {
  const add = (message: string, path: string[] = []) => context.addIssue({ code: "custom", path, message });
  if (secret !== undefined) {
    if (keyFile !== undefined) add("has no meaning beside secret: remove one of the two", ["keyFile"]);
    if (chainFile !== undefined) add("has no meaning beside secret: remove one of the two", ["chainFile"]);
    return;
  }
  if (keyFile === undefined && chainFile === undefined) add("needs secret, or keyFile and chainFile");
  else if (keyFile === undefined) add("is required beside chainFile", ["keyFile"]);
  else if (chainFile === undefined) add("is required beside keyFile", ["chainFile"]);
}
