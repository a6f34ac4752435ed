import { GetSecretValueCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import type { AwsClients } from "./clients.ts";

/** The secret's current text; undefined when the secret exists but holds nothing yet. */
export async function readSecretValue(aws: AwsClients, arn: string): Promise<string | undefined> {
  try {
    return (await aws.secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

export async function writeSecretValue(aws: AwsClients, arn: string, text: string): Promise<void> {
  await aws.secrets.send(new PutSecretValueCommand({ SecretId: arn, SecretString: text }));
}
