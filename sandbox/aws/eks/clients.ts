import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import type { InternalAws } from "./dependencies.ts";

/** The services in which EKS makes or looks up something. */
export class AwsClients {
  readonly #aws: InternalAws;
  readonly #region: string;
  #ec2: EC2Client | undefined;
  #iam: IAMClient | undefined;
  #autoScaling: AutoScalingClient | undefined;
  #logs: CloudWatchLogsClient | undefined;

  constructor(aws: InternalAws, region: string) {
    this.#aws = aws;
    this.#region = region;
  }

  get ec2(): EC2Client {
    return (this.#ec2 ??= new EC2Client(this.#settings()));
  }

  get iam(): IAMClient {
    return (this.#iam ??= new IAMClient(this.#settings()));
  }

  get autoScaling(): AutoScalingClient {
    return (this.#autoScaling ??= new AutoScalingClient(this.#settings()));
  }

  get logs(): CloudWatchLogsClient {
    return (this.#logs ??= new CloudWatchLogsClient(this.#settings()));
  }

  destroy(): void {
    for (const client of [this.#ec2, this.#iam, this.#autoScaling, this.#logs]) client?.destroy();
  }

  #settings() {
    const { endpoint, credentials } = this.#aws;
    return { region: this.#region, endpoint: endpoint(), credentials, maxAttempts: 2 };
  }
}

/** Whether an SDK call failed with this error code. */
export function isAwsError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(error.name);
}

/** The answer, or undefined if the call fails with one of these codes. */
export async function unless<T>(answer: Promise<T>, ...codes: string[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isAwsError(error, ...codes)) return undefined;
    throw error;
  }
}
