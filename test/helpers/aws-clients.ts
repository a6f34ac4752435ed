import { EC2Client } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { EKSClient } from "@aws-sdk/client-eks";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";

/** What an SDK client needs to talk to a sandbox, whatever this process's own environment says. */
export function awsSettings(env: NodeJS.ProcessEnv) {
  return {
    region: env["AWS_REGION"]!,
    endpoint: env["AWS_ENDPOINT_URL"]!,
    credentials: { accessKeyId: env["AWS_ACCESS_KEY_ID"]!, secretAccessKey: env["AWS_SECRET_ACCESS_KEY"]! },
  };
}

export function clientsFor(env: NodeJS.ProcessEnv) {
  const options = awsSettings(env);
  return {
    ec2: new EC2Client(options),
    efs: new EFSClient(options),
    eks: new EKSClient(options),
    iam: new IAMClient(options),
    elb: new ElasticLoadBalancingV2Client(options),
    s3: new S3Client(options),
  };
}
